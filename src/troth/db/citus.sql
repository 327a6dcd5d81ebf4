-- What a Citus cluster is told by the owner, after a start has migrated and while nothing is running; again after
-- an upgrade. (docs/howto/many-machines.md.) Each statement by itself; all of them may be run again.
-- One place for all of it: tests/contract/test_citus.py holds it to the catalogue.

-- :apart
-- A key between tables keeps either from being distributed before the other: taken away here, and made again below.
ALTER TABLE act DROP CONSTRAINT IF EXISTS act_rests_on_an_entry, DROP CONSTRAINT IF EXISTS act_subject_fkey;
ALTER TABLE session DROP CONSTRAINT IF EXISTS session_subject_fkey;
ALTER TABLE code DROP CONSTRAINT IF EXISTS code_subject_fkey;
ALTER TABLE account DROP CONSTRAINT IF EXISTS account_subject_fkey;
-- Letters stay on the coordinator, so theirs is not made again; whoever deletes an account deletes its letters first.
ALTER TABLE outbox DROP CONSTRAINT IF EXISTS outbox_subject_fkey;

-- :distributed
-- Everything about one subject lies on one machine. The first is what the others are co-located with.
SELECT create_distributed_table('subject', 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'subject'::regclass);
SELECT create_distributed_table('ledger_opening', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'ledger_opening'::regclass);
SELECT create_distributed_table('act', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'act'::regclass);
SELECT create_distributed_table('account', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'account'::regclass);
SELECT create_distributed_table('session', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'session'::regclass);
SELECT create_distributed_table('code', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'code'::regclass);
SELECT create_distributed_table('vault_key', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'vault_key'::regclass);
SELECT create_distributed_table('document', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'document'::regclass);
SELECT create_distributed_table('document_past', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'document_past'::regclass);
SELECT create_distributed_table('document_wrap', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'document_wrap'::regclass);
SELECT create_distributed_table('hold', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'hold'::regclass);
SELECT create_distributed_table('retention_due', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'retention_due'::regclass);
SELECT create_distributed_table('rekey_due', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'rekey_due'::regclass);
SELECT create_distributed_table('event_block', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'event_block'::regclass);
SELECT create_distributed_table('reading_seen', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'reading_seen'::regclass);
SELECT create_distributed_table('media', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'media'::regclass);
SELECT create_distributed_table('device', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'device'::regclass);
SELECT create_distributed_table('request', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'request'::regclass);
SELECT create_distributed_table('cancellation', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'cancellation'::regclass);
SELECT create_distributed_table('erasure_told', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'erasure_told'::regclass);
SELECT create_distributed_table('told', 'subject', colocate_with => 'subject')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'told'::regclass);

-- :reference
-- Small, read by everybody, unique over everybody: on every machine.
SELECT create_reference_table('staff')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'staff'::regclass);
SELECT create_reference_table('staff_invite')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'staff_invite'::regclass);
SELECT create_reference_table('staff_passkey')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'staff_passkey'::regclass);
SELECT create_reference_table('staff_session')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'staff_session'::regclass);
SELECT create_reference_table('receiver')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'receiver'::regclass);
SELECT create_reference_table('receiver_paper')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'receiver_paper'::regclass);
SELECT create_reference_table('device_token')
 WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'device_token'::regclass);

-- :together
-- The keys again, now between shards that lie side by side. (An act that an older version let in without its entry
-- stops this: `troth ledger verify` names it.)
ALTER TABLE account ADD CONSTRAINT account_subject_fkey FOREIGN KEY (subject) REFERENCES subject (subject);
ALTER TABLE code ADD CONSTRAINT code_subject_fkey
    FOREIGN KEY (subject) REFERENCES account (subject) ON DELETE CASCADE;
ALTER TABLE session ADD CONSTRAINT session_subject_fkey
    FOREIGN KEY (subject) REFERENCES account (subject) ON DELETE CASCADE;
ALTER TABLE act ADD CONSTRAINT act_subject_fkey FOREIGN KEY (subject) REFERENCES subject (subject);
ALTER TABLE act ADD CONSTRAINT act_rests_on_an_entry
    FOREIGN KEY (subject, entry) REFERENCES ledger_opening (subject, entry);

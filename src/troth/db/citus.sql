-- What a Citus cluster is told, once, by the owner, after the first start has migrated and before there is load.
-- (docs/howto/many-machines.md.) One place for all of it; tests/contract/test_citus.py holds it to the catalogue.

-- :distributed
-- Everything about one subject lies on one machine. The first is what the others are co-located with.
SELECT create_distributed_table('subject', 'subject');
SELECT create_distributed_table('ledger_opening', 'subject', colocate_with => 'subject');
SELECT create_distributed_table('act', 'subject', colocate_with => 'subject');
SELECT create_distributed_table('account', 'subject', colocate_with => 'subject');
SELECT create_distributed_table('session', 'subject', colocate_with => 'subject');
SELECT create_distributed_table('code', 'subject', colocate_with => 'subject');
SELECT create_distributed_table('vault_key', 'subject', colocate_with => 'subject');
SELECT create_distributed_table('document', 'subject', colocate_with => 'subject');
SELECT create_distributed_table('document_wrap', 'subject', colocate_with => 'subject');
SELECT create_distributed_table('event_block', 'subject', colocate_with => 'subject');
SELECT create_distributed_table('reading_seen', 'subject', colocate_with => 'subject');
SELECT create_distributed_table('device', 'subject', colocate_with => 'subject');
SELECT create_distributed_table('cancellation', 'subject', colocate_with => 'subject');
SELECT create_distributed_table('erasure_told', 'subject', colocate_with => 'subject');

-- :reference
-- Small, read by everybody, unique over everybody: on every machine.
SELECT create_reference_table('staff');
SELECT create_reference_table('device_token');

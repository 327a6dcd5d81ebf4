-- Who supplied a device, in the policy's word for a recipient: an agent sees only the devices that it supplied.
ALTER TABLE device_stock ADD COLUMN supplier text CHECK (supplier ~ '^[a-z0-9][a-z0-9_.-]{0,63}$');

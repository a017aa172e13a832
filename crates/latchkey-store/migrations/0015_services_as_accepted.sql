-- What a service was when an administrator made it a member, or accepted it since: it gets no more rights by registering more.
ALTER TABLE member ADD COLUMN service_scopes TEXT;
ALTER TABLE member ADD COLUMN service_shown BLOB;
UPDATE member SET service_scopes = (SELECT c.scopes FROM client c WHERE c.id = member.person) WHERE service = 1;

-- When it last acted by itself, and from where.
ALTER TABLE member ADD COLUMN last_used_at INTEGER;
ALTER TABLE member ADD COLUMN last_used_address TEXT;

-- Native apps could ask for device codes without a word. Those that are here keep it; their owners can switch it off.
UPDATE client SET device_code = 1 WHERE kind = 'native';

-- The authorization_details of a device: the places that it asks for, and what it would do there.
ALTER TABLE device_code ADD COLUMN details TEXT;

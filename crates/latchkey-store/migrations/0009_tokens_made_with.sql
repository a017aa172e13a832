-- With which secret of an app of the older kind the tokens of a family were made last: they end with it when it is replaced.
ALTER TABLE token_family ADD COLUMN made_with BLOB;
CREATE INDEX token_family_made_with ON token_family (made_with) WHERE made_with IS NOT NULL AND ended_at IS NULL;

-- The key that a code may be redeemed with.
ALTER TABLE authorization_code ADD COLUMN dpop_jkt BLOB;

-- What the tokens of a family are bound to, as the `cnf` claim says it.
ALTER TABLE token_family ADD COLUMN confirmation TEXT;

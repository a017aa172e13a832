-- A secret that its client authenticates assertions with, encrypted: to check them the server reads it. Of every other secret an HMAC is all.
ALTER TABLE client_secret ADD COLUMN sealed BLOB;

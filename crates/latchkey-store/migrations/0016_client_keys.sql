-- Public keys that clients sign their assertions with: a JSON Web Key each, with the thumbprints of the certificate that it came in.
CREATE TABLE client_key (
    client     BLOB    NOT NULL,
    id         BLOB    NOT NULL,
    jwk        TEXT    NOT NULL,
    x5t        BLOB,
    x5t_s256   BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (client, id)
) STRICT, WITHOUT ROWID;

-- The one method that a client authenticates by, if it is fixed to one.
ALTER TABLE client ADD COLUMN auth_method TEXT;

-- Assertions that were used, until they have run out.
CREATE TABLE spent_assertion (
    hash  BLOB    NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT;

CREATE INDEX spent_assertion_until ON spent_assertion (until);

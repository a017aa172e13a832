-- What tokens of another issuer have to say to stand for a client. Pinned keys are a JSON Web Key Set; without them the issuer's are fetched.
CREATE TABLE federated_credential (
    client     BLOB    NOT NULL,
    id         BLOB    NOT NULL,
    name       TEXT    NOT NULL,
    issuer     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    audience   TEXT    NOT NULL,
    pinned     TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (client, id)
) STRICT, WITHOUT ROWID;

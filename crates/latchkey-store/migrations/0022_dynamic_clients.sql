-- Who may register apps by themselves in a tenant: nobody, where there is no row.
CREATE TABLE registration_gate (
    tenant BLOB NOT NULL PRIMARY KEY,
    gate   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What lets an app register itself where the gate asks for it.
CREATE TABLE initial_access_token (
    hash       BLOB    NOT NULL PRIMARY KEY,
    tenant     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX initial_access_token_tenant ON initial_access_token (tenant);

-- Apps that registered themselves: what is kept of the token that they manage their registration with, and what they said of themselves
-- that has no place of its own.
CREATE TABLE dynamic_client (
    client        BLOB    NOT NULL PRIMARY KEY,
    tenant        BLOB    NOT NULL,
    mac           BLOB    NOT NULL,
    declared      TEXT    NOT NULL,
    registered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX dynamic_client_tenant ON dynamic_client (tenant);
CREATE INDEX dynamic_client_registered ON dynamic_client (registered_at);

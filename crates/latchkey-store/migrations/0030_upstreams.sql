-- OpenID providers that a tenant lets say who its people are. The secret is encrypted; without one a key of our own signs.
CREATE TABLE upstream (
    id             BLOB    NOT NULL PRIMARY KEY,
    tenant         BLOB    NOT NULL,
    name           TEXT    NOT NULL,
    issuer         TEXT    NOT NULL,
    client_id      TEXT    NOT NULL,
    secret         BLOB,
    scopes         TEXT    NOT NULL,
    home_realm     INTEGER NOT NULL,
    makes_accounts INTEGER NOT NULL,
    passwords      INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    version        INTEGER NOT NULL,
    UNIQUE (tenant, issuer)
) STRICT, WITHOUT ROWID;

-- People with an address of the domain are sent to one of them.
CREATE INDEX upstream_home ON upstream (home_realm);
CREATE UNIQUE INDEX upstream_home_realm ON upstream (tenant) WHERE home_realm = 1;

-- Who somebody is at such a provider, and the account that they sign in to by it.
CREATE TABLE upstream_link (
    tenant    BLOB    NOT NULL,
    issuer    TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    account   BLOB    NOT NULL,
    linked_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, issuer, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX upstream_link_account ON upstream_link (account, issuer, subject);

-- Sign-ins that are on their way there: for ten minutes, in one browser, once.
CREATE TABLE upstream_sign_in (
    state      BLOB    NOT NULL PRIMARY KEY,
    browser    BLOB    NOT NULL,
    upstream   BLOB    NOT NULL,
    tenant     BLOB    NOT NULL,
    version    INTEGER NOT NULL,
    origin     TEXT    NOT NULL,
    flow       BLOB,
    next       TEXT,
    account    BLOB,
    anew       INTEGER NOT NULL,
    max_age    INTEGER,
    started_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX upstream_sign_in_browser ON upstream_sign_in (browser);
CREATE INDEX upstream_sign_in_started ON upstream_sign_in (started_at);

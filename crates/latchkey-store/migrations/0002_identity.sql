-- Directories that hold accounts and apps.
CREATE TABLE tenant (
    id     BLOB NOT NULL PRIMARY KEY,
    kind   TEXT NOT NULL,
    name   TEXT NOT NULL,
    domain TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

-- Sign-in identities. An address finds one account at the most, in whatever tenant.
CREATE TABLE account (
    id                   BLOB    NOT NULL PRIMARY KEY,
    tenant               BLOB    NOT NULL,
    email                TEXT    NOT NULL,
    email_key            TEXT    NOT NULL UNIQUE,
    email_verified       INTEGER NOT NULL,
    name                 TEXT    NOT NULL,
    tenant_administrator INTEGER NOT NULL,
    created_at           INTEGER NOT NULL,
    changed_at           INTEGER NOT NULL,
    disabled_at          INTEGER,
    password             TEXT,
    password_set_at      INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX account_tenant ON account (tenant, email_key);

-- Accounts that may sign in to a tenant which is not their own.
CREATE TABLE guest (
    account BLOB NOT NULL,
    tenant  BLOB NOT NULL,
    PRIMARY KEY (account, tenant)
) STRICT, WITHOUT ROWID;

-- Registered services. A deleted one keeps its row, so that the record and past authorizations can name it.
CREATE TABLE client (
    id                     BLOB    NOT NULL PRIMARY KEY,
    tenant                 BLOB    NOT NULL,
    name                   TEXT    NOT NULL,
    kind                   TEXT    NOT NULL,
    profile                TEXT    NOT NULL,
    verified_domain        TEXT,
    administrator_approved INTEGER NOT NULL,
    multi_tenant           INTEGER NOT NULL,
    pkce_optional          INTEGER NOT NULL,
    suspended              INTEGER NOT NULL,
    owner                  BLOB,
    scopes                 TEXT    NOT NULL,
    required_scopes        TEXT    NOT NULL,
    version                INTEGER NOT NULL,
    created_at             INTEGER NOT NULL,
    deleted_at             INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX client_owner ON client (owner) WHERE deleted_at IS NULL;
CREATE INDEX client_tenant ON client (tenant) WHERE deleted_at IS NULL;

CREATE TABLE client_redirect_uri (
    client   BLOB    NOT NULL,
    position INTEGER NOT NULL,
    uri      TEXT    NOT NULL,
    PRIMARY KEY (client, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE client_secret (
    client     BLOB    NOT NULL,
    id         BLOB    NOT NULL,
    mac        BLOB    NOT NULL,
    hint       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (client, id)
) STRICT, WITHOUT ROWID;

-- Authorization requests that wait for a person.
CREATE TABLE flow (
    id         BLOB    NOT NULL PRIMARY KEY,
    browser    BLOB    NOT NULL,
    client     BLOB    NOT NULL,
    segment    TEXT    NOT NULL,
    origin     TEXT    NOT NULL,
    parameters TEXT    NOT NULL,
    session    BLOB,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;

CREATE INDEX flow_browser ON flow (browser) WHERE ended_at IS NULL;
CREATE INDEX flow_started ON flow (started_at);

-- Sign-ins of browsers.
CREATE TABLE session (
    id               BLOB    NOT NULL PRIMARY KEY,
    browser          BLOB    NOT NULL,
    account          BLOB    NOT NULL,
    tenant           BLOB    NOT NULL,
    authenticated_at INTEGER NOT NULL,
    used_at          INTEGER NOT NULL,
    ended_at         INTEGER,
    address          TEXT    NOT NULL,
    user_agent       TEXT    NOT NULL
) STRICT;

CREATE INDEX session_browser ON session (browser) WHERE ended_at IS NULL;
CREATE INDEX session_account ON session (account) WHERE ended_at IS NULL;

-- What people approved. `authorization` by itself is a reserved word.
CREATE TABLE service_authorization (
    id                BLOB    NOT NULL PRIMARY KEY,
    tenant            BLOB    NOT NULL,
    account           BLOB    NOT NULL,
    client            BLOB    NOT NULL,
    version           INTEGER NOT NULL,
    scopes            TEXT    NOT NULL,
    asked             TEXT    NOT NULL,
    places            TEXT    NOT NULL,
    lifetime          TEXT    NOT NULL,
    expires_at        INTEGER,
    session           BLOB    NOT NULL,
    shown             BLOB    NOT NULL,
    created_at        INTEGER NOT NULL,
    changed_at        INTEGER NOT NULL,
    ended_at          INTEGER,
    end_reason        TEXT,
    last_used_at      INTEGER,
    last_used_address TEXT
) STRICT;

-- A person has at most one authorization for an app in a tenant that has not ended.
CREATE UNIQUE INDEX service_authorization_live ON service_authorization (tenant, account, client) WHERE ended_at IS NULL;
CREATE INDEX service_authorization_account ON service_authorization (account);
CREATE INDEX service_authorization_client ON service_authorization (client);
CREATE INDEX service_authorization_session ON service_authorization (session) WHERE lifetime = 'session';

-- Which organizations the places of an authorization lie in, to find it from there.
CREATE TABLE authorization_organization (
    organization     BLOB NOT NULL,
    authorization_id BLOB NOT NULL,
    PRIMARY KEY (organization, authorization_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX authorization_organization_authorization ON authorization_organization (authorization_id);

-- What each authorization was used for, per day. The project is the nil UUID where an operation is in none.
CREATE TABLE authorization_use (
    authorization_id BLOB    NOT NULL,
    day              INTEGER NOT NULL,
    operation        TEXT    NOT NULL,
    project          BLOB    NOT NULL,
    uses             INTEGER NOT NULL,
    last_at          INTEGER NOT NULL,
    PRIMARY KEY (authorization_id, day, operation, project)
) STRICT, WITHOUT ROWID;

CREATE TABLE authorization_code (
    hash             BLOB    NOT NULL PRIMARY KEY,
    client           BLOB    NOT NULL,
    tenant           BLOB    NOT NULL,
    account          BLOB    NOT NULL,
    session          BLOB    NOT NULL,
    auth_time        INTEGER NOT NULL,
    authorization_id BLOB    NOT NULL,
    family           BLOB    NOT NULL,
    redirect_uri     TEXT    NOT NULL,
    challenge        TEXT,
    scopes           TEXT    NOT NULL,
    scope_text       TEXT    NOT NULL,
    nonce            TEXT,
    client_info      INTEGER NOT NULL,
    origin           TEXT    NOT NULL,
    issued_at        INTEGER NOT NULL,
    redeemed_at      INTEGER
) STRICT;

CREATE INDEX authorization_code_issued ON authorization_code (issued_at);

-- One row for a refresh token and all its successors.
CREATE TABLE token_family (
    id                BLOB    NOT NULL PRIMARY KEY,
    authorization_id  BLOB    NOT NULL,
    tenant            BLOB    NOT NULL,
    account           BLOB    NOT NULL,
    client            BLOB    NOT NULL,
    session           BLOB    NOT NULL,
    auth_time         INTEGER NOT NULL,
    scopes            TEXT    NOT NULL,
    scope_text        TEXT    NOT NULL,
    client_info       INTEGER NOT NULL,
    origin            TEXT    NOT NULL,
    refreshable       INTEGER NOT NULL,
    generation        INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    rotated_at        INTEGER NOT NULL,
    access_expires_at INTEGER NOT NULL,
    ended_at          INTEGER
) STRICT;

CREATE INDEX token_family_authorization ON token_family (authorization_id) WHERE ended_at IS NULL;
CREATE INDEX token_family_ended ON token_family (ended_at) WHERE ended_at IS NOT NULL;

-- Private keys, sealed with a key that is not in the database.
CREATE TABLE signing_key (
    kid        TEXT    NOT NULL PRIMARY KEY,
    algorithm  TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

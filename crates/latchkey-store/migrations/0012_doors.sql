-- Where people may be sent after they signed out stands beside the redirect URIs, with a purpose of its own.
ALTER TABLE client_redirect_uri ADD COLUMN purpose TEXT NOT NULL DEFAULT 'sign-in';
ALTER TABLE client ADD COLUMN device_code INTEGER NOT NULL DEFAULT 0;
ALTER TABLE client ADD COLUMN pushed_only INTEGER NOT NULL DEFAULT 0;

-- Requests of devices, which wait for somebody to type their user code. An approved one has an authorization code of its own.
CREATE TABLE device_code (
    hash        BLOB    NOT NULL PRIMARY KEY,
    user_code   TEXT    NOT NULL UNIQUE,
    client      BLOB    NOT NULL,
    segment     TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    scope       TEXT    NOT NULL,
    client_info INTEGER NOT NULL,
    address     TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    answered_at INTEGER,
    approved    INTEGER NOT NULL
) STRICT;

CREATE INDEX device_code_started ON device_code (started_at);

-- The device that a person answers in a flow.
ALTER TABLE flow ADD COLUMN device BLOB;

-- Authorization requests that clients pushed. One is used up when it is answered.
CREATE TABLE pushed_request (
    hash       BLOB    NOT NULL PRIMARY KEY,
    client     BLOB    NOT NULL,
    segment    TEXT    NOT NULL,
    parameters TEXT    NOT NULL,
    pushed_at  INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;

CREATE INDEX pushed_request_pushed ON pushed_request (pushed_at);

-- Mail that waits to be sent, and mail that was sent lately. It is for an account: its address is looked up when it leaves. `topic` is what
-- no second mail is queued about while one waits. Whoever takes a mail moves `next_at` first.
CREATE TABLE outbox (
    tenant    BLOB    NOT NULL,
    id        BLOB    NOT NULL,
    account   BLOB    NOT NULL,
    topic     TEXT,
    subject   TEXT    NOT NULL,
    body      TEXT    NOT NULL,
    queued_at INTEGER NOT NULL,
    next_at   INTEGER NOT NULL,
    attempts  INTEGER NOT NULL,
    ended_at  INTEGER,
    outcome   TEXT,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX outbox_topic ON outbox (tenant, account, topic) WHERE ended_at IS NULL;
CREATE INDEX outbox_lately ON outbox (tenant, account, topic, next_at);
CREATE INDEX outbox_waiting ON outbox (next_at) WHERE ended_at IS NULL;
CREATE INDEX outbox_queued ON outbox (queued_at);

-- Who was told of which end, so many days before it. One that moved is forgotten, and told of anew.
CREATE TABLE told (
    about   BLOB    NOT NULL,
    account BLOB    NOT NULL,
    tenant  BLOB    NOT NULL,
    ends_at INTEGER NOT NULL,
    days    INTEGER NOT NULL,
    told_at INTEGER NOT NULL,
    PRIMARY KEY (about, account, ends_at, days)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_secret_expires ON client_secret (expires_at);
CREATE INDEX organization_legacy_refuse_from ON organization (legacy_refuse_from) WHERE legacy_refuse_from IS NOT NULL;

-- The secret of an imported app that nobody has been shown yet: an import that was cut off gives out another when it is run again.
ALTER TABLE legacy_app ADD COLUMN unshown BLOB;

-- The apps that somebody signed in to within a session and that want to hear of its end. It has live sessions only: when one ends, its rows
-- become notices.
CREATE TABLE session_client (
    session   BLOB    NOT NULL,
    client    BLOB    NOT NULL,
    tenant    BLOB    NOT NULL,
    account   BLOB    NOT NULL,
    origin    TEXT    NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (session, client, tenant)
) STRICT, WITHOUT ROWID;

CREATE INDEX session_client_account ON session_client (account);

-- Apps that are still to be told that a session ended. Whoever takes one moves `next_at` first; one that was told is deleted.
CREATE TABLE logout_notice (
    session   BLOB    NOT NULL,
    client    BLOB    NOT NULL,
    tenant    BLOB    NOT NULL,
    account   BLOB    NOT NULL,
    origin    TEXT    NOT NULL,
    queued_at INTEGER NOT NULL,
    next_at   INTEGER NOT NULL,
    attempts  INTEGER NOT NULL,
    PRIMARY KEY (session, client, tenant)
) STRICT, WITHOUT ROWID;

-- Those that were never tried come first, so that an app that does not answer keeps nobody waiting.
CREATE INDEX logout_notice_next ON logout_notice (attempts, next_at);
CREATE INDEX logout_notice_client ON logout_notice (client, next_at);

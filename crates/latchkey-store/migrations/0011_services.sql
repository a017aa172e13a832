-- Apps that act by themselves. A member that is one says so: what a person holds is never an app's.
ALTER TABLE member ADD COLUMN service INTEGER NOT NULL DEFAULT 0;

-- Access tokens of apps that act by themselves, which were revoked one by one. Kept for as long as such a token can live.
CREATE TABLE ended_app_token (
    id       BLOB    NOT NULL PRIMARY KEY,
    client   BLOB    NOT NULL,
    ended_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ended_app_token_ended ON ended_app_token (ended_at);

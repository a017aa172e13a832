-- What happened to one authorization is found in the record.
CREATE INDEX audit_event_authorization ON audit_event (tenant, authorization_id, seq) WHERE authorization_id IS NOT NULL;

-- Calls that a live authorization made and that were refused, per day: by the check that failed.
CREATE TABLE authorization_refusal (
    authorization_id BLOB    NOT NULL,
    day              INTEGER NOT NULL,
    operation        TEXT    NOT NULL,
    reason           TEXT    NOT NULL,
    refusals         INTEGER NOT NULL,
    last_at          INTEGER NOT NULL,
    PRIMARY KEY (authorization_id, day, operation, reason)
) STRICT, WITHOUT ROWID;

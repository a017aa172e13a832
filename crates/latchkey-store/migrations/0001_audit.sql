-- The record: one chain of events per tenant. A row's hash covers the row and the hash before it.
CREATE TABLE audit_event (
    tenant           BLOB    NOT NULL,
    seq              INTEGER NOT NULL,
    at               INTEGER NOT NULL,
    kind             TEXT    NOT NULL,
    outcome          TEXT    NOT NULL,
    reason           TEXT,
    actor            BLOB,
    client           BLOB,
    authorization_id BLOB,
    session_id       BLOB,
    subject          TEXT    NOT NULL,
    address          TEXT,
    detail           TEXT    NOT NULL,
    hash             BLOB    NOT NULL,
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_event_actor ON audit_event (tenant, actor, seq);

-- Where each chain ends: its last number and hash. Writing an event locks its tenant's row.
CREATE TABLE audit_head (
    tenant BLOB    NOT NULL PRIMARY KEY,
    seq    INTEGER NOT NULL,
    hash   BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

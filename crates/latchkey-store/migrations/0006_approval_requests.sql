-- Members ask for an app, and an administrator answers.
CREATE TABLE approval_request (
    organization BLOB    NOT NULL,
    id           BLOB    NOT NULL,
    person       BLOB    NOT NULL,
    app          BLOB    NOT NULL,
    scopes       TEXT    NOT NULL,
    sentence     TEXT    NOT NULL,
    asked_at     INTEGER NOT NULL,
    verdict      TEXT,
    answered_by  BLOB,
    answered_at  INTEGER,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

-- A person has at most one request for an app in an organization that was not answered.
CREATE UNIQUE INDEX approval_request_open ON approval_request (organization, person, app) WHERE verdict IS NULL;
CREATE INDEX approval_request_about ON approval_request (organization, person, app, asked_at);
CREATE INDEX approval_request_person ON approval_request (person, asked_at);
CREATE INDEX approval_request_waiting ON approval_request (organization, asked_at) WHERE verdict IS NULL;
CREATE INDEX approval_request_approved ON approval_request (organization, asked_at) WHERE verdict = 'approved';

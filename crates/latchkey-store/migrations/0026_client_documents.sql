-- Apps that describe themselves by a document at their client_id: where it lies, and the digest of what came last.
CREATE TABLE client_document (
    client      BLOB    NOT NULL PRIMARY KEY,
    tenant      BLOB    NOT NULL,
    url         TEXT    NOT NULL,
    digest      BLOB    NOT NULL,
    fetched_at  INTEGER NOT NULL,
    fresh_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX client_document_tenant ON client_document (tenant, fetched_at);
CREATE INDEX client_document_fetched ON client_document (fetched_at);

-- Whether apps that describe themselves are let in to a tenant: they are, where there is no row.
CREATE TABLE document_gate (
    tenant BLOB    NOT NULL PRIMARY KEY,
    open   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

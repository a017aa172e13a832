-- The tenants in which tokens may travel through browsers: those that have a row.
CREATE TABLE implicit_tenant (
    tenant BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What servers that share a PostgreSQL database tell each other: that something changed which others may hold in memory. A change set that
-- needs to be told of writes one row, in its own transaction, and `xact` is that transaction's number. A server that has the database for itself
-- (SQLite) writes none.
CREATE TABLE notice (
    node   BLOB    NOT NULL,
    number INTEGER NOT NULL,
    xact   INTEGER NOT NULL,
    told   BLOB    NOT NULL,
    PRIMARY KEY (node, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX notice_xact ON notice (xact);

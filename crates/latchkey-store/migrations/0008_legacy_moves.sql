-- The app of the identity platform that an app of the older kind moved to.
CREATE TABLE legacy_move (
    client   BLOB    NOT NULL PRIMARY KEY,
    moved_to BLOB    NOT NULL,
    moved_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX legacy_move_moved_to ON legacy_move (moved_to);

-- Guesses at passwords, where several servers count them together: by the account whose address was typed, or by the account at a device that it
-- knows. `key` is a MAC, so that nobody reads what was typed from here. A server that has the database for itself (SQLite) counts in its memory.
CREATE TABLE sign_in_count (
    key   BLOB    NOT NULL PRIMARY KEY,
    times INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT;

CREATE INDEX sign_in_count_since ON sign_in_count (since);

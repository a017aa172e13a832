-- That a server was set up by its link: one row, once.
CREATE TABLE set_up (
    once INTEGER NOT NULL PRIMARY KEY,
    at   INTEGER NOT NULL
) STRICT;

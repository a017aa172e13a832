-- Whose rehearsal a flow is: the owner of an app goes through its sign-in, and nothing is kept of what comes of it.
ALTER TABLE flow ADD COLUMN rehearsed_by BLOB;

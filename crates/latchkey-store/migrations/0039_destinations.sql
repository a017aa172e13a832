-- The other destinations of the app where the person answered, a line each: the digest of what the page said of the app, and what it asked
-- about. Without a word there is none. They are in one text, as places are: they are read and written with their authorization and all at once,
-- and no statement looks for one of them.
ALTER TABLE service_authorization ADD COLUMN elsewhere TEXT;

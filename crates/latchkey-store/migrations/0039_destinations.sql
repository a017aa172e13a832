-- The other destinations of the app where the person answered, a line each: the digest of what the page said of the app, and what it asked
-- about. Without a word there is none.
ALTER TABLE service_authorization ADD COLUMN elsewhere TEXT;

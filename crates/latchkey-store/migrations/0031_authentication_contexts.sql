-- What somebody showed at an upstream provider: bits of the list in `context.rs`. Nothing, where it was a password of ours.
ALTER TABLE session ADD COLUMN methods INTEGER;
ALTER TABLE authorization_code ADD COLUMN methods INTEGER;
ALTER TABLE token_family ADD COLUMN methods INTEGER;

-- Since when a person has paused what they approved. Families below it say so too: then a refresh and a pause wait for each other.
ALTER TABLE service_authorization ADD COLUMN paused_at INTEGER;
ALTER TABLE token_family ADD COLUMN paused_at INTEGER;

-- A signing key is published, goes to work, stops signing, and goes when nothing that it signed lives. When it was made is when it was published.
ALTER TABLE signing_key ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
ALTER TABLE signing_key ADD COLUMN active_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE signing_key ADD COLUMN stopped_at INTEGER;

UPDATE signing_key SET active_from = created_at;
UPDATE signing_key SET state = 'retiring', stopped_at = created_at
 WHERE EXISTS (SELECT 1 FROM signing_key newer
                WHERE newer.algorithm = signing_key.algorithm
                  AND (newer.created_at > signing_key.created_at
                       OR (newer.created_at = signing_key.created_at AND newer.kid > signing_key.kid)));

-- Of each algorithm one key signs, and one is published to follow it.
CREATE UNIQUE INDEX signing_key_at_work ON signing_key (algorithm, state) WHERE state IN ('next', 'active');

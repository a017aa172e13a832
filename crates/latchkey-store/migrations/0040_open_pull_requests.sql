-- From one branch to another at most one pull request is open. Of several that were opened at the same moment the newest stays so, and the
-- others are given up; when that should have been is not known.
UPDATE pull_request SET status = 'abandoned', closed_at = created_at
 WHERE status = 'active'
   AND EXISTS (SELECT 1 FROM pull_request AS newer
                WHERE newer.organization = pull_request.organization AND newer.repository = pull_request.repository
                  AND newer.source_ref = pull_request.source_ref AND newer.target_ref = pull_request.target_ref
                  AND newer.status = 'active' AND newer.id > pull_request.id);

CREATE UNIQUE INDEX pull_request_open ON pull_request (organization, repository, source_ref, target_ref) WHERE status = 'active';

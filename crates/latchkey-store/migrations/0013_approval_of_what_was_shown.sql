-- What the app was when a person asked to have it approved: a request counts for that app, and for no other of the same id.
ALTER TABLE approval_request ADD COLUMN shown BLOB;

-- Requests are listed in pages, newest first.
DROP INDEX approval_request_waiting;
DROP INDEX approval_request_approved;
CREATE INDEX approval_request_waiting ON approval_request (organization, asked_at, id) WHERE verdict IS NULL;
CREATE INDEX approval_request_approved ON approval_request (organization, asked_at, id) WHERE verdict = 'approved';

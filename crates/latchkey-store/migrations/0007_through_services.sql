-- Through which service, and under which authorization, a revision or a build came. Nothing when a person did it in person.
ALTER TABLE work_item_revision ADD COLUMN client BLOB;
ALTER TABLE work_item_revision ADD COLUMN authorization_id BLOB;
CREATE INDEX work_item_revision_authorization ON work_item_revision (organization, authorization_id, changed_at)
 WHERE authorization_id IS NOT NULL;

ALTER TABLE build ADD COLUMN queued_client BLOB;
ALTER TABLE build ADD COLUMN queued_authorization BLOB;
ALTER TABLE build ADD COLUMN changed_client BLOB;
ALTER TABLE build ADD COLUMN changed_authorization BLOB;
CREATE INDEX build_queued_authorization ON build (organization, queued_authorization, queued_at)
 WHERE queued_authorization IS NOT NULL;
CREATE INDEX build_changed_authorization ON build (organization, changed_authorization, last_changed_at)
 WHERE changed_authorization IS NOT NULL;

-- What a work item was at a moment is found by one look at what came first after it, however many revisions there are.
CREATE INDEX work_item_revision_changed ON work_item_revision (organization, id, changed_at, rev);

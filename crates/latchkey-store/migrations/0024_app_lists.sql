-- The apps of a tenant, a page after the other.
CREATE INDEX client_tenant_id ON client (tenant, id) WHERE deleted_at IS NULL;

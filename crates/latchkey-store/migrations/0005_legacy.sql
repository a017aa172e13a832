-- Apps of the older OAuth kind: when they end in an organization.
ALTER TABLE organization ADD COLUMN legacy_warn_from INTEGER;
ALTER TABLE organization ADD COLUMN legacy_refuse_from INTEGER;

-- The one import of an organization: open from the first app until it is closed.
CREATE TABLE legacy_import (
    organization BLOB    NOT NULL PRIMARY KEY,
    tenant       BLOB    NOT NULL,
    opened_at    INTEGER NOT NULL,
    closed_at    INTEGER
) STRICT, WITHOUT ROWID;

-- What is known of an app of the older kind beside what is known of every client.
CREATE TABLE legacy_app (
    client      BLOB NOT NULL PRIMARY KEY,
    description TEXT NOT NULL,
    website     TEXT NOT NULL,
    company     TEXT NOT NULL,
    scopes      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The organizations that took it over. It acts nowhere else.
CREATE TABLE legacy_app_organization (
    client       BLOB NOT NULL,
    organization BLOB NOT NULL,
    PRIMARY KEY (client, organization)
) STRICT, WITHOUT ROWID;

CREATE INDEX legacy_app_organization_organization ON legacy_app_organization (organization);

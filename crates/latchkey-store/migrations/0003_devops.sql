-- The DevOps side. Every key begins with the organization, so that no statement can reach across to another one.

-- `version` counts every change of what access is decided by: policy, projects, repositories.
CREATE TABLE organization (
    id                         BLOB    NOT NULL PRIMARY KEY,
    tenant                     BLOB    NOT NULL,
    name                       TEXT    NOT NULL,
    name_key                   TEXT    NOT NULL UNIQUE,
    owner                      BLOB    NOT NULL,
    authorize_policy           TEXT    NOT NULL,
    longest_authorization_days INTEGER,
    third_party_apps           INTEGER NOT NULL,
    legacy_apps                INTEGER NOT NULL,
    version                    INTEGER NOT NULL,
    created_at                 INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Apps that are stopped for everybody in the organization.
CREATE TABLE organization_blocked_app (
    organization BLOB NOT NULL,
    app          BLOB NOT NULL,
    PRIMARY KEY (organization, app)
) STRICT, WITHOUT ROWID;

-- The last number given to a work item, a comment, a pull request, a build definition, a build.
CREATE TABLE organization_counter (
    organization BLOB    NOT NULL,
    kind         TEXT    NOT NULL,
    last         INTEGER NOT NULL,
    PRIMARY KEY (organization, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE project (
    organization BLOB    NOT NULL,
    id           BLOB    NOT NULL,
    name         TEXT    NOT NULL,
    name_key     TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    revision     INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    default_team BLOB    NOT NULL,
    PRIMARY KEY (organization, id),
    UNIQUE (organization, name_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE team (
    organization BLOB NOT NULL,
    project      BLOB NOT NULL,
    id           BLOB NOT NULL,
    name         TEXT NOT NULL,
    description  TEXT NOT NULL,
    PRIMARY KEY (organization, project, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
    organization BLOB    NOT NULL,
    person       BLOB    NOT NULL,
    access_level TEXT    NOT NULL,
    added_at     INTEGER NOT NULL,
    PRIMARY KEY (organization, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX member_person ON member (person, organization);

CREATE TABLE member_group (
    organization BLOB NOT NULL,
    person       BLOB NOT NULL,
    group_name   TEXT NOT NULL,
    PRIMARY KEY (organization, person, group_name)
) STRICT, WITHOUT ROWID;

CREATE INDEX member_group_members ON member_group (organization, group_name, person);

CREATE TABLE project_member (
    organization BLOB NOT NULL,
    person       BLOB NOT NULL,
    project      BLOB NOT NULL,
    PRIMARY KEY (organization, person, project)
) STRICT, WITHOUT ROWID;

CREATE INDEX project_member_members ON project_member (organization, project, person);

CREATE TABLE project_member_group (
    organization BLOB NOT NULL,
    person       BLOB NOT NULL,
    project      BLOB NOT NULL,
    group_name   TEXT NOT NULL,
    PRIMARY KEY (organization, person, project, group_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE repository (
    organization   BLOB    NOT NULL,
    id             BLOB    NOT NULL,
    project        BLOB    NOT NULL,
    name           TEXT    NOT NULL,
    name_key       TEXT    NOT NULL,
    default_branch TEXT,
    size           INTEGER NOT NULL,
    disabled       INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (organization, id),
    UNIQUE (organization, project, name_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE pull_request (
    organization  BLOB    NOT NULL,
    id            INTEGER NOT NULL,
    project       BLOB    NOT NULL,
    repository    BLOB    NOT NULL,
    status        TEXT    NOT NULL,
    merge_status  TEXT    NOT NULL,
    title         TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    source_ref    TEXT    NOT NULL,
    target_ref    TEXT    NOT NULL,
    source_commit TEXT,
    target_commit TEXT,
    created_by    BLOB    NOT NULL,
    created_at    INTEGER NOT NULL,
    closed_at     INTEGER,
    draft         INTEGER NOT NULL,
    reviewers     TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT;

CREATE INDEX pull_request_project ON pull_request (organization, project, id);
CREATE INDEX pull_request_repository ON pull_request (organization, project, repository, id);

-- A work item as it is now; `work_item_revision` holds what it was at each revision, the present one included.
CREATE TABLE work_item (
    organization    BLOB    NOT NULL,
    id              INTEGER NOT NULL,
    project         BLOB    NOT NULL,
    rev             INTEGER NOT NULL,
    kind            TEXT    NOT NULL,
    fields          TEXT    NOT NULL,
    relations       TEXT    NOT NULL,
    markdown_fields TEXT    NOT NULL,
    comment_count   INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    created_by      BLOB    NOT NULL,
    changed_at      INTEGER NOT NULL,
    changed_by      BLOB    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT;

CREATE INDEX work_item_changed ON work_item (organization, project, changed_at, id);

CREATE TABLE work_item_revision (
    organization    BLOB    NOT NULL,
    id              INTEGER NOT NULL,
    project         BLOB    NOT NULL,
    rev             INTEGER NOT NULL,
    kind            TEXT    NOT NULL,
    fields          TEXT    NOT NULL,
    relations       TEXT    NOT NULL,
    markdown_fields TEXT    NOT NULL,
    comment_count   INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    created_by      BLOB    NOT NULL,
    changed_at      INTEGER NOT NULL,
    changed_by      BLOB    NOT NULL,
    PRIMARY KEY (organization, id, rev)
) STRICT;

CREATE TABLE work_item_comment (
    organization BLOB    NOT NULL,
    project      BLOB    NOT NULL,
    work_item    INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    format       TEXT    NOT NULL,
    created_by   BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    modified_by  BLOB    NOT NULL,
    modified_at  INTEGER NOT NULL,
    deleted      INTEGER NOT NULL,
    PRIMARY KEY (organization, project, work_item, id)
) STRICT;

CREATE TABLE build_definition (
    organization   BLOB    NOT NULL,
    project        BLOB    NOT NULL,
    id             INTEGER NOT NULL,
    name           TEXT    NOT NULL,
    path           TEXT    NOT NULL,
    revision       INTEGER NOT NULL,
    queue_status   TEXT    NOT NULL,
    repository     BLOB    NOT NULL,
    default_branch TEXT    NOT NULL,
    file           TEXT    NOT NULL,
    created_by     BLOB    NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (organization, project, id)
) STRICT, WITHOUT ROWID;

-- `started_at` and `finished_at` are the end of time while the build has not begun or is not over, so that lists have an
-- order. `tag_keys` holds the tags for the search, each in lower case between two line ends, in order.
CREATE TABLE build (
    organization    BLOB    NOT NULL,
    project         BLOB    NOT NULL,
    id              INTEGER NOT NULL,
    revision        INTEGER NOT NULL,
    definition      INTEGER NOT NULL,
    repository      BLOB    NOT NULL,
    build_number    TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    result          TEXT,
    reason          TEXT    NOT NULL,
    priority        TEXT    NOT NULL,
    queued_at       INTEGER NOT NULL,
    started_at      INTEGER NOT NULL,
    finished_at     INTEGER NOT NULL,
    source_branch   TEXT    NOT NULL,
    source_version  TEXT,
    requested_by    BLOB    NOT NULL,
    requested_for   BLOB    NOT NULL,
    last_changed_by BLOB    NOT NULL,
    last_changed_at INTEGER NOT NULL,
    parameters      TEXT,
    tags            TEXT    NOT NULL,
    tag_keys        TEXT    NOT NULL,
    keep_forever    INTEGER NOT NULL,
    PRIMARY KEY (organization, project, id)
) STRICT;

CREATE INDEX build_queued ON build (organization, project, queued_at, id);
CREATE INDEX build_started ON build (organization, project, started_at, id);
CREATE INDEX build_finished ON build (organization, project, finished_at, id);
CREATE INDEX build_of_definition_queued ON build (organization, project, definition, queued_at, id);
CREATE INDEX build_of_definition_started ON build (organization, project, definition, started_at, id);
CREATE INDEX build_of_definition_finished ON build (organization, project, definition, finished_at, id);

CREATE TABLE timeline_record (
    organization BLOB    NOT NULL,
    project      BLOB    NOT NULL,
    build        INTEGER NOT NULL,
    id           BLOB    NOT NULL,
    parent       BLOB,
    kind         TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    started_at   INTEGER,
    finished_at  INTEGER,
    state        TEXT    NOT NULL,
    result       TEXT,
    place        INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    worker       TEXT,
    log          INTEGER,
    issues       TEXT    NOT NULL,
    PRIMARY KEY (organization, project, build, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE build_log (
    organization BLOB    NOT NULL,
    project      BLOB    NOT NULL,
    build        INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    lines        TEXT    NOT NULL,
    line_count   INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    PRIMARY KEY (organization, project, build, id)
) STRICT;

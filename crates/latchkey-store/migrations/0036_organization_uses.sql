-- How often an app did something in the projects of an organization, per day: the sum of `authorization_use`, kept with it.
CREATE TABLE organization_use (
    organization BLOB    NOT NULL,
    day          INTEGER NOT NULL,
    client       BLOB    NOT NULL,
    uses         INTEGER NOT NULL,
    PRIMARY KEY (organization, day, client)
) STRICT, WITHOUT ROWID;

INSERT INTO organization_use (organization, day, client, uses)
SELECT o.organization, u.day, a.client, CAST(sum(u.uses) AS INTEGER)
  FROM authorization_organization o
  JOIN service_authorization a ON a.id = o.authorization_id
  JOIN authorization_use u ON u.authorization_id = a.id
  JOIN project p ON p.organization = o.organization AND p.id = u.project
 GROUP BY o.organization, u.day, a.client;

-- What ended or ran out long ago is found by when, and deleted.
CREATE INDEX service_authorization_ended ON service_authorization (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX service_authorization_ran_out ON service_authorization (expires_at) WHERE ended_at IS NULL;

-- How many people of a directory let an app in is counted from the index.
DROP INDEX service_authorization_client;
CREATE INDEX service_authorization_client ON service_authorization (client, tenant, ended_at, expires_at, account);

-- The places that the newest request with authorization_details named: whoever was asked is not asked again.
ALTER TABLE service_authorization ADD COLUMN asked_places TEXT;

-- Where the tokens of a request with authorization_details count at most. Without a word they count wherever the authorization does.
ALTER TABLE authorization_code ADD COLUMN places TEXT;
ALTER TABLE token_family ADD COLUMN places TEXT;

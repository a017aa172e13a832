-- What an account tells of its holder beside name and address (OpenID Connect Core 5.1): a JSON object of texts by the names of claims.
ALTER TABLE account ADD COLUMN claims TEXT;

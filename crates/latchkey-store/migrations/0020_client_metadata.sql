-- How a client asks and is answered: a JSON object of the registered names of its metadata. Nothing is found by it.
ALTER TABLE client ADD COLUMN metadata TEXT;

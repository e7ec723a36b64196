-- What the last pages of a source were made of: what they share is furniture.
ALTER TABLE sources ADD COLUMN habits TEXT NOT NULL DEFAULT '';

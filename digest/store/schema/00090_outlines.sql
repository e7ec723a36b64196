-- What an article is to be read from, as JSON, until somebody first asks for it;
-- '' from then on.
ALTER TABLE articles ADD COLUMN item TEXT NOT NULL DEFAULT '';
CREATE INDEX articles_outlines ON articles (id) WHERE item <> '';

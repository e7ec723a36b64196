-- What the source served an article as, summed up: an item that did not change
-- need not be read again.
ALTER TABLE articles ADD COLUMN item_sum TEXT NOT NULL DEFAULT '';

-- More of what is remembered of a source: how long it fails and whether the
-- operator was told, what its items are known by, what its last answer was, and
-- what the flood brake holds back.
ALTER TABLE sources ADD COLUMN failing_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN told          BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN identify_by   TEXT   NOT NULL DEFAULT '';
ALTER TABLE sources ADD COLUMN body_hash     TEXT   NOT NULL DEFAULT '';
ALTER TABLE sources ADD COLUMN flood         BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN answer        TEXT   NOT NULL DEFAULT '';

-- Why an article was read badly, and whether the operator put it aside: then no
-- newsletter carries it.
ALTER TABLE articles ADD COLUMN doubt   TEXT   NOT NULL DEFAULT '';
ALTER TABLE articles ADD COLUMN dropped BIGINT NOT NULL DEFAULT 0;

-- Items that are never to become articles: the archive of a new source, and what
-- the operator refused.
CREATE TABLE passed (
  source   TEXT   NOT NULL,
  identity TEXT   NOT NULL,
  url      TEXT   NOT NULL,
  at       BIGINT NOT NULL,
  PRIMARY KEY (source, identity)
);
CREATE INDEX passed_url ON passed (url);

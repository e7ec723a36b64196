-- Most readers have had every edition there is, and nothing need be remembered
-- of them. This holds those who have not: they chose a slower cadence, slept, or
-- their message failed. Up to edition number mark they are done.
CREATE TABLE behind (
  newsletter    TEXT   NOT NULL,
  subscriber_id BIGINT NOT NULL,
  mark          BIGINT NOT NULL,
  PRIMARY KEY (newsletter, subscriber_id)
);
CREATE INDEX behind_subscriber ON behind (subscriber_id);

-- What an edition means for each group of readers, the first five columns of
-- their choice and where they are: due or not yet, and the variant they get, ''
-- when it holds nothing for them.
CREATE TABLE served (
  edition_id BIGINT NOT NULL,
  language   TEXT   NOT NULL,
  text_only  BIGINT NOT NULL,
  topics     TEXT   NOT NULL,
  cadence    TEXT   NOT NULL,
  mark       BIGINT NOT NULL,
  due        BIGINT NOT NULL,
  variant    TEXT   NOT NULL,
  PRIMARY KEY (edition_id, language, text_only, topics, cadence, mark)
);

-- When the hours that readers chose come, for one edition.
CREATE TABLE edition_hours (
  edition_id BIGINT NOT NULL,
  hour       TEXT   NOT NULL,
  zone       TEXT   NOT NULL,
  at         BIGINT NOT NULL,
  PRIMARY KEY (edition_id, hour, zone)
);

-- A variant tells what the editions after number since carried; -1 for those
-- from before this was kept.
ALTER TABLE proofs ADD COLUMN since BIGINT NOT NULL DEFAULT -1;

-- The article whose card told this one, itself when it was shown; 0 for one that
-- the editor dropped.
ALTER TABLE carried ADD COLUMN card BIGINT NOT NULL DEFAULT 0;
UPDATE carried SET card = article_id;
CREATE INDEX carried_edition ON carried (edition_id);

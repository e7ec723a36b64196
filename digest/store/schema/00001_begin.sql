-- One schema for SQLite and Postgres. Times are UTC milliseconds since 1970,
-- 0 for none; flags are 0 or 1. "{id}" becomes each database's own words for a
-- number that it assigns.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value BYTEA NOT NULL
);

CREATE TABLE sources (
  name          TEXT PRIMARY KEY,
  title         TEXT   NOT NULL,
  etag          TEXT   NOT NULL,
  last_modified TEXT   NOT NULL,
  moved_to      TEXT   NOT NULL,
  gone          BIGINT NOT NULL,
  last_ok       BIGINT NOT NULL,
  last_tried    BIGINT NOT NULL,
  next_try      BIGINT NOT NULL,
  failures      BIGINT NOT NULL,
  last_error    TEXT   NOT NULL
);

CREATE TABLE articles (
  id         {id},
  source     TEXT   NOT NULL,
  identity   TEXT   NOT NULL,
  url        TEXT   NOT NULL,
  title      TEXT   NOT NULL,
  author     TEXT   NOT NULL,
  site       TEXT   NOT NULL,
  section    TEXT   NOT NULL,
  language   TEXT   NOT NULL,
  categories TEXT   NOT NULL,
  published  BIGINT NOT NULL,
  first_seen BIGINT NOT NULL,
  image      TEXT   NOT NULL,
  teaser     TEXT   NOT NULL,
  html       TEXT   NOT NULL,
  text       TEXT   NOT NULL,
  words      BIGINT NOT NULL,
  score      DOUBLE PRECISION NOT NULL,
  position   BIGINT NOT NULL,
  enclosures TEXT   NOT NULL,
  UNIQUE (source, identity)
);
CREATE INDEX articles_url ON articles (url);

CREATE TABLE editions (
  id          {id},
  newsletter  TEXT   NOT NULL,
  number      BIGINT NOT NULL,
  slot        TEXT   NOT NULL,
  state       TEXT   NOT NULL,
  frozen_at   BIGINT NOT NULL,
  finished_at BIGINT NOT NULL,
  expires     BIGINT NOT NULL,
  audience    BIGINT NOT NULL,
  body        TEXT   NOT NULL, -- the edition, as JSON
  letterhead  TEXT   NOT NULL,
  UNIQUE (newsletter, number),
  UNIQUE (newsletter, slot)
);

CREATE TABLE edition_lists (
  edition_id BIGINT NOT NULL,
  list       TEXT   NOT NULL,
  PRIMARY KEY (edition_id, list)
);

CREATE TABLE proofs (
  edition_id BIGINT NOT NULL,
  variant    TEXT   NOT NULL,
  language   TEXT   NOT NULL,
  text_only  BIGINT NOT NULL,
  body       TEXT   NOT NULL, -- the proof, as JSON
  PRIMARY KEY (edition_id, variant)
);

-- What a newsletter has carried, it never carries again.
CREATE TABLE carried (
  newsletter TEXT   NOT NULL,
  article_id BIGINT NOT NULL,
  edition_id BIGINT NOT NULL,
  PRIMARY KEY (newsletter, article_id)
);
CREATE INDEX carried_article ON carried (article_id);

-- A slot of a newsletter's calendar that was dealt with, also by skipping it.
CREATE TABLE slots (
  newsletter TEXT   NOT NULL,
  slot       TEXT   NOT NULL,
  at         BIGINT NOT NULL,
  outcome    TEXT   NOT NULL,
  PRIMARY KEY (newsletter, slot)
);

CREATE TABLE subscribers (
  id         {id},
  email      TEXT   NOT NULL,
  email_key  TEXT   NOT NULL UNIQUE,
  name       TEXT   NOT NULL,
  language   TEXT   NOT NULL,
  text_only  BIGINT NOT NULL,
  suppressed BIGINT NOT NULL, -- kept in step with suppressions
  created    BIGINT NOT NULL
);

CREATE TABLE subscriptions (
  list          TEXT   NOT NULL,
  subscriber_id BIGINT NOT NULL,
  state         TEXT   NOT NULL,
  since         BIGINT NOT NULL,
  reason        TEXT   NOT NULL,
  PRIMARY KEY (list, subscriber_id)
);
CREATE INDEX subscriptions_subscriber ON subscriptions (subscriber_id);

-- By keyed hash of the address, so that it outlives the erasure of the person.
CREATE TABLE suppressions (
  hash   TEXT PRIMARY KEY,
  reason TEXT   NOT NULL,
  source TEXT   NOT NULL,
  since  BIGINT NOT NULL
);

-- The ledger: one row for each reader of an edition, for ever.
CREATE TABLE deliveries (
  edition_id    BIGINT NOT NULL,
  subscriber_id BIGINT NOT NULL,
  variant       TEXT   NOT NULL,
  status        TEXT   NOT NULL,
  owner         TEXT   NOT NULL DEFAULT '',
  lane          BIGINT NOT NULL DEFAULT 0,
  attempts      BIGINT NOT NULL DEFAULT 0,
  repeats       BIGINT NOT NULL DEFAULT 0,
  code          BIGINT NOT NULL DEFAULT 0,
  enhanced      TEXT   NOT NULL DEFAULT '',
  reply         TEXT   NOT NULL DEFAULT '',
  next_try      BIGINT NOT NULL DEFAULT 0,
  settled       BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (edition_id, subscriber_id)
);
CREATE INDEX deliveries_open ON deliveries (edition_id, subscriber_id) WHERE status = 'queued' OR status = 'claimed';
CREATE INDEX deliveries_reader ON deliveries (subscriber_id) WHERE status = 'queued' OR status = 'claimed';

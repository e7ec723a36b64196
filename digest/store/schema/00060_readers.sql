-- Files of readers that were taken in, so that each can be taken back. It holds
-- numbers and the file's name, no address.
CREATE TABLE imports (
  id          {id},
  list        TEXT   NOT NULL,
  file        TEXT   NOT NULL,
  fingerprint TEXT   NOT NULL, -- of the file and how it was read: the same command goes on with an import that was killed
  begun       BIGINT NOT NULL,
  finished    BIGINT NOT NULL,
  undone      BIGINT NOT NULL,
  reached     BIGINT NOT NULL, -- readers dealt with, in the order of their addresses
  sums        TEXT   NOT NULL  -- what it did, as JSON
);

ALTER TABLE subscribers ADD COLUMN attributes TEXT NOT NULL DEFAULT ''; -- JSON, '' for none
ALTER TABLE subscribers ADD COLUMN import_id BIGINT NOT NULL DEFAULT 0; -- that first brought them
ALTER TABLE subscriptions ADD COLUMN import_id BIGINT NOT NULL DEFAULT 0;

-- What an import changed of readers who were there, for undoing it.
CREATE TABLE import_changes (
  import_id     BIGINT NOT NULL,
  subscriber_id BIGINT NOT NULL,
  field         TEXT   NOT NULL,
  old           TEXT   NOT NULL,
  new           TEXT   NOT NULL,
  PRIMARY KEY (import_id, subscriber_id, field)
);

-- A suppression is of an address or of a whole domain, under a hash of its own
-- kind.
ALTER TABLE suppressions ADD COLUMN scope TEXT NOT NULL DEFAULT 'address';

-- Each message or notice that came back, once. What nobody could read is kept
-- whole for a while, for a person to look at.
CREATE TABLE returned (
  id            {id},
  fingerprint   TEXT   NOT NULL UNIQUE,
  at            BIGINT NOT NULL,
  source        TEXT   NOT NULL, -- "pipe", "smtp", "imap", "ses", …
  kind          TEXT   NOT NULL,
  class         TEXT   NOT NULL,
  status        TEXT   NOT NULL,
  reason        TEXT   NOT NULL,
  subscriber_id BIGINT NOT NULL, -- 0 when nobody knows
  edition_id    BIGINT NOT NULL,
  action        TEXT   NOT NULL, -- what was done: "suppressed", "left", "counted", "noted", "unmatched"
  message       TEXT   NOT NULL  -- of an unmatched one
);
CREATE INDEX returned_subscriber ON returned (subscriber_id, at);

-- What links are signed with. The newest signs, the others still open. While
-- there is none, the secret in meta is the only key.
CREATE TABLE link_keys (
  id      {id},
  secret  BYTEA  NOT NULL,
  created BIGINT NOT NULL,
  retired BIGINT NOT NULL
);

-- Asking again must not undo the proof of an earlier consent, so that a person
-- may have several for a list.
CREATE TABLE consents_kept (
  id            {id},
  subscriber_id BIGINT NOT NULL,
  list          TEXT   NOT NULL,
  source        TEXT   NOT NULL,
  form          TEXT   NOT NULL,
  version       TEXT   NOT NULL DEFAULT '',
  language      TEXT   NOT NULL DEFAULT '',
  network       TEXT   NOT NULL DEFAULT '', -- keyed hash, if the operator wants it
  asked         BIGINT NOT NULL,
  confirmed     BIGINT NOT NULL
);
INSERT INTO consents_kept (subscriber_id, list, source, form, asked, confirmed)
  SELECT subscriber_id, list, source, form, asked, confirmed FROM consents ORDER BY asked;
DROP TABLE consents;
ALTER TABLE consents_kept RENAME TO consents;
CREATE INDEX consents_subscriber ON consents (subscriber_id);
CREATE INDEX consents_open ON consents (asked) WHERE confirmed = 0;

-- Mails that somebody can have us send to an address, by what they were for.
ALTER TABLE asks ADD COLUMN kind   TEXT NOT NULL DEFAULT 'join';
ALTER TABLE asks ADD COLUMN domain TEXT NOT NULL DEFAULT ''; -- keyed hash
CREATE INDEX asks_domain ON asks (domain, at);
CREATE INDEX asks_at ON asks (at);

-- New addresses that wait for their owner's button.
CREATE TABLE moves (
  id            {id},
  subscriber_id BIGINT NOT NULL,
  email         TEXT   NOT NULL,
  asked         BIGINT NOT NULL
);
CREATE INDEX moves_asked ON moves (asked);

-- What nobody confirmed is looked for by its age.
CREATE INDEX subscriptions_pending ON subscriptions (since) WHERE state = 'pending';

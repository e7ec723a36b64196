-- What a reader asked for on one list. Topics are names of sections, one a line,
-- in order; '' is everything. The hour is "07:30" or ''. Until now language and
-- form were the person's: each of their subscriptions begins with those.
ALTER TABLE subscriptions ADD COLUMN topics    TEXT   NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN cadence   TEXT   NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN language  TEXT   NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN text_only BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN snooze    BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN hour      TEXT   NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN zone      TEXT   NOT NULL DEFAULT '';
UPDATE subscriptions SET
  language  = COALESCE((SELECT s.language  FROM subscribers s WHERE s.id = subscriptions.subscriber_id), ''),
  text_only = COALESCE((SELECT s.text_only FROM subscribers s WHERE s.id = subscriptions.subscriber_id), 0);

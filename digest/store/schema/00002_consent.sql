-- Who asked to join what, when, by which form, and when they confirmed it: the
-- proof that the law asks of the sender (GDPR article 7(1)).
CREATE TABLE consents (
  subscriber_id BIGINT NOT NULL,
  list          TEXT   NOT NULL,
  source        TEXT   NOT NULL, -- where they asked: "web", "import", "operator"
  form          TEXT   NOT NULL, -- the words they agreed to
  asked         BIGINT NOT NULL,
  confirmed     BIGINT NOT NULL,
  PRIMARY KEY (subscriber_id, list)
);

-- Confirmation mails that were asked for, by keyed hash of the address, to bound
-- how many a stranger can have sent to somebody.
CREATE TABLE asks (
  hash TEXT   NOT NULL,
  at   BIGINT NOT NULL
);
CREATE INDEX asks_hash ON asks (hash, at);

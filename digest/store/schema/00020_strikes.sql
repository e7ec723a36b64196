-- Refusals that close an address only when they come again. One an edition counts.
CREATE TABLE strikes (
  subscriber_id BIGINT NOT NULL,
  kind          TEXT   NOT NULL,
  edition_id    BIGINT NOT NULL,
  at            BIGINT NOT NULL,
  PRIMARY KEY (subscriber_id, kind, edition_id)
);

-- How often readers of an edition reacted to its articles: "click", "more" or
-- "less". Nothing here says who.
CREATE TABLE reactions (
  edition_id BIGINT NOT NULL,
  article_id BIGINT NOT NULL,
  kind       TEXT   NOT NULL,
  day        TEXT   NOT NULL, -- 2026-11-23, UTC
  times      BIGINT NOT NULL,
  PRIMARY KEY (edition_id, article_id, kind, day)
);

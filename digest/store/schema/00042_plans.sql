-- Editions that were decided and not yet frozen: saved by the operator, or held
-- for the editor. The body is the plan, as JSON.
CREATE TABLE plans (
  id         {id},
  newsletter TEXT   NOT NULL,
  number     BIGINT NOT NULL,
  state      TEXT   NOT NULL,
  made       BIGINT NOT NULL,
  body       TEXT   NOT NULL
);
CREATE INDEX plans_open ON plans (newsletter, number);

-- What each proof was rendered from, as JSON; '' before this was kept.
ALTER TABLE proofs ADD COLUMN inputs TEXT NOT NULL DEFAULT '';

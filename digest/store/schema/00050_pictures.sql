-- The pictures that frozen editions show from our own address, by the hash of
-- their content: two editions with the same picture share it.
CREATE TABLE pictures (
  id   TEXT  PRIMARY KEY,
  type TEXT  NOT NULL, -- MIME type
  data BYTEA NOT NULL
);

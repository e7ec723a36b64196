-- Summaries that a language model wrote, by a hash of what it was asked.
CREATE TABLE abstracts (
  key  TEXT PRIMARY KEY,
  text TEXT NOT NULL
);

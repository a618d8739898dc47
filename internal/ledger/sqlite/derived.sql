-- What follows from the entries. Where a table is missing it is made, and filled
-- again from the entries.
CREATE TABLE IF NOT EXISTS head (
  pipeline TEXT PRIMARY KEY,
  number   INTEGER NOT NULL,
  at       INTEGER NOT NULL -- microseconds since 1970
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS entity (
  pipeline TEXT NOT NULL,
  kind     TEXT NOT NULL,
  key      TEXT NOT NULL,
  claim    TEXT,
  body     BLOB NOT NULL,
  PRIMARY KEY (pipeline, kind, key)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS entity_claim ON entity (claim) WHERE claim IS NOT NULL;

CREATE TABLE IF NOT EXISTS lease (
  pipeline    TEXT    NOT NULL,
  environment TEXT    NOT NULL,
  epoch       INTEGER NOT NULL,
  expires     INTEGER NOT NULL, -- microseconds since 1970
  holder      TEXT    NOT NULL, -- its witness; '' where it has none
  PRIMARY KEY (pipeline, environment)
) STRICT, WITHOUT ROWID;

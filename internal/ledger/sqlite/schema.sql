-- The first format, without what follows from the entries (derived.sql).
--
-- Entries are only ever added: the triggers stop accidents, not the owner of
-- the file.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
  pipeline TEXT    NOT NULL,
  number   INTEGER NOT NULL,
  id       TEXT    NOT NULL UNIQUE,
  kind     TEXT    NOT NULL,
  bytes    BLOB    NOT NULL,
  sha256   TEXT    NOT NULL,
  UNIQUE (pipeline, number)
) STRICT;

CREATE TRIGGER entry_follows_the_newest BEFORE INSERT ON entry
WHEN NEW.number <> 1 + coalesce((SELECT number FROM head WHERE pipeline = NEW.pipeline), 0)
  OR EXISTS (SELECT 1 FROM entry WHERE (pipeline = NEW.pipeline AND number = NEW.number) OR id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'an entry of the ledger follows the newest one and replaces none'); END;
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entries of the ledger are never changed'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entries of the ledger are never deleted'); END;

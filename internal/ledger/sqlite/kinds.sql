-- The second format: the kinds of all entries, so that a version of the provider
-- that does not know one finds it without reading every entry.
CREATE TABLE kind (
  kind TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO kind SELECT DISTINCT kind FROM entry;
CREATE TRIGGER entry_notes_its_kind AFTER INSERT ON entry
BEGIN INSERT OR IGNORE INTO kind VALUES (NEW.kind); END;

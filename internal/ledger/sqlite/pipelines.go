package sqlite

// pipelines walks along the keys of each table, one step a pipeline, however
// much is stored of it. All tables are asked, so that what was deleted from one
// of them is not overlooked by Verify.
const pipelines = `
WITH RECURSIVE
  entries (pipeline) AS (
    SELECT min(pipeline) FROM entry
    UNION ALL SELECT (SELECT min(pipeline) FROM entry WHERE pipeline > entries.pipeline) FROM entries WHERE entries.pipeline IS NOT NULL
  ),
  entities (pipeline) AS (
    SELECT min(pipeline) FROM entity
    UNION ALL SELECT (SELECT min(pipeline) FROM entity WHERE pipeline > entities.pipeline) FROM entities WHERE entities.pipeline IS NOT NULL
  )
SELECT pipeline FROM head
UNION SELECT pipeline FROM entries WHERE pipeline IS NOT NULL
UNION SELECT pipeline FROM entities WHERE pipeline IS NOT NULL
UNION SELECT pipeline FROM lease
ORDER BY pipeline`

// Pipelines implements ledger.Tx.
func (t *tx) Pipelines() ([]string, error) { return t.texts(pipelines) }

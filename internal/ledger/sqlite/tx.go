package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// tx is one transaction.
type tx struct {
	ctx context.Context //nolint:containedctx // it lives as long as the transaction
	sql *sql.Tx
	now time.Time

	kinds bool // there is a table of kinds

	witness *witness
}

func (t *tx) Now() time.Time { return t.now }

func (t *tx) Head(pipeline string) (int64, time.Time, error) {
	var number, at int64
	err := t.sql.QueryRowContext(t.ctx, `SELECT number, at FROM head WHERE pipeline = ?`, pipeline).Scan(&number, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, nil
	}
	return number, time.UnixMicro(at).UTC(), err
}

func (t *tx) Entries(pipeline string, after int64, limit int) ([]ledger.StoredEntry, error) {
	rows, err := t.sql.QueryContext(t.ctx,
		`SELECT number, id, kind, bytes, sha256 FROM entry WHERE pipeline = ? AND number > ? ORDER BY number LIMIT ?`,
		pipeline, after, limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var entries []ledger.StoredEntry
	for rows.Next() {
		var entry ledger.StoredEntry
		if err := rows.Scan(&entry.Number, &entry.ID, &entry.Kind, &entry.Bytes, &entry.SHA256); err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, rows.Err()
}

func (t *tx) EntryByID(id string) (*ledger.StoredEntry, error) {
	var entry ledger.StoredEntry
	err := t.sql.QueryRowContext(t.ctx, `SELECT number, id, kind, bytes, sha256 FROM entry WHERE id = ?`, id).
		Scan(&entry.Number, &entry.ID, &entry.Kind, &entry.Bytes, &entry.SHA256)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &entry, err
}

func (t *tx) Entities(pipeline string, kind portal.EntityKind, prefix string, each func(string, []byte) error) error {
	// Keys are ASCII, so that everything with the prefix lies below prefix+DEL.
	rows, err := t.sql.QueryContext(t.ctx,
		`SELECT key, body FROM entity WHERE pipeline = ? AND kind = ? AND key >= ? AND key < ?`,
		pipeline, string(kind), prefix, prefix+"\x7f")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var key string
		var body sql.RawBytes
		if err := rows.Scan(&key, &body); err != nil {
			return err
		}
		if err := each(key, body); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *tx) Entity(pipeline string, kind portal.EntityKind, key string) ([]byte, error) {
	var body []byte
	err := t.sql.QueryRowContext(t.ctx, `SELECT body FROM entity WHERE pipeline = ? AND kind = ? AND key = ?`, pipeline, string(kind), key).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return body, err
}

func (t *tx) Keys(pipeline string, kind portal.EntityKind) ([]string, error) {
	return t.texts(`SELECT key FROM entity WHERE pipeline = ? AND kind = ?`, pipeline, string(kind))
}

func (t *tx) Kinds() ([]string, error) {
	if t.kinds {
		return t.texts(`SELECT kind FROM kind`)
	}
	return t.texts(`SELECT DISTINCT kind FROM entry`) // an earlier format, which is only read
}

// projectionKey is where meta has the version of the stored state, and with the name
// of a pipeline behind it that of one that was left behind.
const projectionKey = "projection"

func behindKey(pipeline string) string { return projectionKey + "/" + pipeline }

func (t *tx) Projection(pipeline string) (int, error) {
	var projection int
	err := t.sql.QueryRowContext(t.ctx, `SELECT CAST(value AS INTEGER) FROM meta WHERE key IN (?, ?) ORDER BY length(key) DESC LIMIT 1`,
		projectionKey, behindKey(pipeline)).Scan(&projection)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return projection, err
}

func (t *tx) LeaveBehind(pipeline string, projection int) error {
	return t.putMeta(behindKey(pipeline), strconv.Itoa(projection))
}

func (t *tx) putMeta(key, value string) error {
	return t.exec(`INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
}

func (t *tx) texts(query string, args ...any) ([]string, error) {
	rows, err := t.sql.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}

func (t *tx) Owner(claim string) (string, error) {
	var owner string
	err := t.sql.QueryRowContext(t.ctx, `SELECT pipeline || '/' || key FROM entity WHERE claim = ?`, claim).Scan(&owner)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return owner, err
}

func (t *tx) Claims(beginning string) (map[string]string, error) {
	// U+10FFFF sorts behind every character that a claim can go on with.
	rows, err := t.sql.QueryContext(t.ctx, `SELECT claim, pipeline || '/' || key FROM entity WHERE claim >= ? AND claim < ?`, beginning, beginning+"\U0010ffff")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	claims := map[string]string{}
	for rows.Next() {
		var claim, owner string
		if err := rows.Scan(&claim, &owner); err != nil {
			return nil, err
		}
		claims[claim] = owner
	}
	return claims, rows.Err()
}

func (t *tx) Leases(pipeline string) (map[string]portal.Lease, error) {
	rows, err := t.sql.QueryContext(t.ctx, `SELECT environment, epoch, expires, holder FROM lease WHERE pipeline = ?`, pipeline)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	leases := map[string]portal.Lease{}
	for rows.Next() {
		var environment, holder string
		var epoch, expires int64
		if err := rows.Scan(&environment, &epoch, &expires, &holder); err != nil {
			return nil, err
		}
		lease := portal.Lease{Epoch: epoch, Expires: time.UnixMicro(expires).UTC(), Gone: t.witness.gone(holder)}
		if !lease.Gone {
			lease.Alive, lease.Holder = t.witness.alive(holder)
		}
		leases[environment] = lease
	}
	return leases, rows.Err()
}

func (t *tx) Append(pipeline string, at time.Time, entry ledger.StoredEntry) error {
	if err := t.exec(`INSERT INTO entry (pipeline, number, id, kind, bytes, sha256) VALUES (?, ?, ?, ?, ?, ?)`,
		pipeline, entry.Number, entry.ID, entry.Kind, entry.Bytes, entry.SHA256); err != nil {
		return err
	}
	return t.putHead(pipeline, entry.Number, at)
}

func (t *tx) putHead(pipeline string, number int64, at time.Time) error {
	return t.exec(`INSERT INTO head (pipeline, number, at) VALUES (?, ?, ?) ON CONFLICT (pipeline) DO UPDATE SET number = excluded.number, at = excluded.at`,
		pipeline, number, at.UnixMicro())
}

func (t *tx) PutEntity(pipeline string, entity portal.Entity) error {
	if entity.Body == nil {
		return t.exec(`DELETE FROM entity WHERE pipeline = ? AND kind = ? AND key = ?`, pipeline, string(entity.Kind), entity.Key)
	}
	claim := sql.NullString{String: entity.Claim, Valid: entity.Claim != ""}
	return t.exec(`INSERT INTO entity (pipeline, kind, key, claim, body) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (pipeline, kind, key) DO UPDATE SET claim = excluded.claim, body = excluded.body`,
		pipeline, string(entity.Kind), entity.Key, claim, entity.Body)
}

func (t *tx) PutLease(pipeline, environment string, lease portal.Lease) error {
	holder := t.witness.holder()
	t.witness.touch()
	return t.exec(`INSERT INTO lease (pipeline, environment, epoch, expires, holder) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (pipeline, environment) DO UPDATE SET epoch = excluded.epoch, expires = excluded.expires, holder = excluded.holder`,
		pipeline, environment, lease.Epoch, lease.Expires.UnixMicro(), holder)
}

func (t *tx) RenewLease(pipeline, environment string, lease portal.Lease) (bool, error) {
	t.witness.touch()
	result, err := t.sql.ExecContext(t.ctx,
		`UPDATE lease SET expires = ? WHERE pipeline = ? AND environment = ? AND epoch = ?`,
		lease.Expires.UnixMicro(), pipeline, environment, lease.Epoch)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func (t *tx) DropLease(pipeline, environment string) error {
	return t.exec(`DELETE FROM lease WHERE pipeline = ? AND environment = ?`, pipeline, environment)
}

// Restate empties all of the pipelines first, because a claim may have been another's.
func (t *tx) Restate(derived []ledger.Derived, projection int) error {
	for _, d := range derived {
		if err := t.exec(`DELETE FROM entity WHERE pipeline = ?`, d.Pipeline); err != nil {
			return err
		}
		if err := t.exec(`DELETE FROM meta WHERE key = ?`, behindKey(d.Pipeline)); err != nil {
			return err
		}
	}
	for _, d := range derived {
		if d.Head == 0 { // it has no entries
			if err := t.exec(`DELETE FROM head WHERE pipeline = ?`, d.Pipeline); err != nil {
				return err
			}
			continue
		}
		if err := t.putHead(d.Pipeline, d.Head, d.HeadAt); err != nil {
			return err
		}
		for _, entity := range d.Entities {
			if err := t.PutEntity(d.Pipeline, entity); err != nil {
				return err
			}
		}
	}
	return t.putMeta(projectionKey, strconv.Itoa(projection))
}

func (t *tx) exec(statement string, args ...any) error {
	_, err := t.sql.ExecContext(t.ctx, statement, args...)
	return err
}

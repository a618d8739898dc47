package ledger

import (
	"context"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// Nothing is the engine of a ledger that is still to be made: it has no entries and no
// id, and nothing can be written to it. now is its clock; nil is that of this machine.
func Nothing(now func() time.Time) Engine {
	if now == nil {
		now = time.Now
	}
	return nothing{now}
}

type nothing struct{ now func() time.Time }

func (nothing) ID() string { return "" }

func (n nothing) Now(context.Context) (time.Time, error) { return n.now(), nil }

func (nothing) Head(context.Context, string) (int64, error) { return 0, nil }

func (n nothing) Read(_ context.Context, read func(Tx) error) error { return read(noTx{n.now()}) }

func (nothing) Write(context.Context, func(WriteTx) error) error {
	return &UnavailableError{What: "writing the ledger", Err: ErrReadOnly}
}

func (nothing) Close() error { return nil }

type noTx struct{ now time.Time }

func (t noTx) Now() time.Time { return t.now }

func (noTx) Pipelines() ([]string, error) { return nil, nil }

func (noTx) Head(string) (int64, time.Time, error) { return 0, time.Time{}, nil }

func (noTx) Entries(string, int64, int) ([]StoredEntry, error) { return nil, nil }

func (noTx) EntryByID(string) (*StoredEntry, error) { return nil, nil }

func (noTx) Entities(string, portal.EntityKind, string, func(string, []byte) error) error { return nil }

func (noTx) Entity(string, portal.EntityKind, string) ([]byte, error) { return nil, nil }

func (noTx) Keys(string, portal.EntityKind) ([]string, error) { return nil, nil }

func (noTx) Owner(string) (string, error) { return "", nil }

func (noTx) Claims(string) (map[string]string, error) { return nil, nil }

func (noTx) Leases(string) (map[string]portal.Lease, error) { return nil, nil }

func (noTx) Kinds() ([]string, error) { return nil, nil }

func (noTx) Projection(string) (int, error) { return portal.Projection, nil }

package provider

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// recorded is an entry of the ledger that a resource stands for.
type recorded[E portal.Event] struct {
	entry   portal.Entry
	event   E
	receipt string
}

// findRecorded reads the entry of an id, PIPELINE/ENTRY. It answers nil if
// there is none of that kind.
func findRecorded[E portal.Event](ctx context.Context, s *session, id string) (*recorded[E], error) {
	pipeline, text, ok := cut(id)
	number, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || number < 1 {
		return nil, fmt.Errorf("the id %q is not of the form PIPELINE/ENTRY, with the number of the entry", id)
	}
	opened, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := opened.Ledger.Entries(ctx, pipeline, number-1, 1)
	if err != nil || len(entries) == 0 || entries[0].Number != number {
		return nil, err
	}
	entry, event, err := portal.ReadEntry(entries[0].Bytes)
	if err != nil {
		return nil, err
	}
	wanted, isWanted := event.(E)
	if !isWanted {
		return nil, nil
	}
	return &recorded[E]{entry: entry, event: wanted, receipt: entry.Meta(entries[0].SHA256).Receipt()}, nil
}

// recordID is the id of a recorded entry, from its receipt.
func recordID(pipeline, receipt string) string {
	number, _, _ := strings.Cut(receipt, ":")
	return pipeline + "/" + number
}

package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Entry is one recorded event, as the ledger keeps it. Its bytes are written once and never encoded
// again: the hash in receipts covers them.
type Entry struct {
	Version  int             `json:"v"`
	Ledger   string          `json:"ledger"`
	Pipeline string          `json:"pipeline"`
	Number   int64           `json:"number"`
	ID       string          `json:"id"` // made by its writer, so that it can be found again
	At       Time            `json:"at"`
	By       Actor           `json:"by"`
	Kind     string          `json:"kind"`
	Body     json.RawMessage `json:"body"`
}

// NewEntry forms the entry that records an event.
func NewEntry(ledger, pipeline string, number int64, id string, at Time, by Actor, event Event) (Entry, []byte, error) {
	body, err := json.Marshal(event)
	if err != nil {
		return Entry{}, nil, fmt.Errorf("encoding %s: %w", event.Kind(), err)
	}
	entry := Entry{Version: 1, Ledger: ledger, Pipeline: pipeline, Number: number, ID: id, At: at.UTC(), By: by, Kind: event.Kind(), Body: body}
	bytes, err := json.Marshal(entry)
	return entry, bytes, err
}

// ReadEntry reads an entry and its event back from its exact bytes.
func ReadEntry(bytes []byte) (Entry, Event, error) {
	var entry Entry
	if err := json.Unmarshal(bytes, &entry); err != nil {
		return Entry{}, nil, fmt.Errorf("an entry does not read as JSON: %w", err)
	}
	if entry.Version != 1 {
		return entry, nil, fmt.Errorf("entry %d of %q has format %d; this version of the provider reads format 1", entry.Number, entry.Pipeline, entry.Version)
	}
	event, err := DecodeEvent(entry.Kind, entry.Body)
	if err != nil {
		return entry, nil, fmt.Errorf("entry %d of %q: %w", entry.Number, entry.Pipeline, err)
	}
	return entry, event, nil
}

// ReadsAllOf reports whether this version of the provider reads everything in an entry. A newer one
// may have added fields.
func ReadsAllOf(bytes []byte) bool {
	var entry Entry
	if decodeAll(bytes, &entry) != nil {
		return false
	}
	decode, known := strict[entry.Kind]
	return known && decode(entry.Body) == nil
}

// HashEntry is the hash that receipts carry: sha256 over the exact bytes.
func HashEntry(bytes []byte) string {
	sum := sha256.Sum256(bytes)
	return hex.EncodeToString(sum[:])
}

// Meta is what folding the entry needs besides its event.
func (e Entry) Meta(hash string) Meta {
	return Meta{Number: e.Number, At: e.At, By: e.By, Hash: hash}
}

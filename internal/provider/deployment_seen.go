package provider

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// seen is what the last refresh saw of an environment. It is kept in the
// resource's private state, so that what a plan says derives from the same facts
// in every walk.
type seen struct {
	Receipt  string         `json:"receipt"`            // of what is in service
	Recorded portal.Content `json:"recorded"`           // what last succeeded
	Observed portal.Content `json:"observed,omitempty"` // what the target runs, if that differs
	Differs  bool           `json:"differs,omitempty"`
	Fixes    []string       `json:"fixes,omitempty"` // of what last succeeded
	Previous string         `json:"previous,omitempty"`
	InForce  []string       `json:"in_force,omitempty"` // emergency fixes on the environment
	Drift    []string       `json:"drift,omitempty"`    // how Observed differs, for readers
	Unasked  bool           `json:"unasked,omitempty"`  // the target could not be asked
}

// planned is what a plan that derives from it was made from.
func (s *seen) planned() *portal.Planned {
	return &portal.Planned{Receipt: s.Receipt, InForce: s.InForce}
}

// there is what is on the target, as far as it is known.
func (s *seen) there() portal.Content {
	if s.Differs {
		return s.Observed
	}
	return s.Recorded
}

// seenKey is where private state has it.
const seenKey = "seen"

// privateState is what requests and responses of the framework have in common.
type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diagnostics
}

func readSeen(ctx context.Context, private privateReader, diags *diagnostics) *seen {
	bytes, d := private.GetKey(ctx, seenKey)
	diags.Append(d...)
	if len(bytes) == 0 {
		return nil
	}
	var s seen
	if json.Unmarshal(bytes, &s) != nil {
		return nil
	}
	return &s
}

// equals reports whether this is what private state has already.
func (s *seen) equals(stored []byte) bool {
	own, err := json.Marshal(s)
	return err == nil && bytes.Equal(own, stored)
}

func (s *seen) write(ctx context.Context, private privateWriter) diagnostics {
	var diags diagnostics
	bytes, err := json.Marshal(s)
	if err != nil {
		diags.AddError("Private state cannot be written", err.Error())
		return diags
	}
	return private.SetKey(ctx, seenKey, bytes)
}

func seenOf(site *portal.Site, inForce []string) *seen {
	s := &seen{InForce: inForce}
	if running := site.Running; running != nil {
		s.Recorded, s.Fixes, s.Previous = running.Content, running.Fixes, running.Previous
	}
	there := site.InService()
	if there != nil {
		s.Receipt = there.Receipt
	}
	if there != site.Running {
		s.Differs, s.Observed = true, site.Content()
	}
	return s
}

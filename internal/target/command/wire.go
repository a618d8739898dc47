package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target"
)

// Version is the version of what is exchanged. Fields are added within a
// version; a program should leave those alone that it does not know.
const Version = 1

// Request is what a program reads from standard input:
//
//	{"version":1,"operation":"deploy","key":"…","epoch":7,"pipeline":"intranet","environment":"production","release":"2.5.0",
//	 "from":{"theme":{"version":"1.0.0","kind":"file","sha256":"…"}},"to":{"theme":{"version":"1.1.0","kind":"file","sha256":"…"}},
//	 "added":[],"changed":["theme"],"removed":[],"files":{"theme":"/…/sha256/ab/ab…"}}
//
// Of a request to observe only version, operation, pipeline and environment are
// there, and in both ignore_patterns if there are any.
type Request struct {
	Version     int    `json:"version"`
	Operation   string `json:"operation"` // deploy or observe
	Key         string `json:"key,omitempty"`
	Epoch       int64  `json:"epoch,omitempty"`
	Pipeline    string `json:"pipeline"`
	Environment string `json:"environment"`
	Release     string `json:"release,omitempty"`
	// IgnorePatterns say what at the target is not ours.
	IgnorePatterns target.Patterns `json:"ignore_patterns,omitempty"`
	// From is what is taken to be installed, To what is to be; {} is nothing.
	From *portal.Content `json:"from,omitempty"`
	To   *portal.Content `json:"to,omitempty"`
	// Added, Changed and Removed are the names by which To differs from From.
	Added   *[]string `json:"added,omitempty"`
	Changed *[]string `json:"changed,omitempty"`
	Removed *[]string `json:"removed,omitempty"`
	// Files has a local file for every component of To: copy it, change nothing.
	Files *map[string]string `json:"files,omitempty"`
}

func newRequest(change target.Change) Request {
	lists := map[portal.ChangeOp][]string{portal.Add: {}, portal.Alter: {}, portal.Remove: {}}
	for _, line := range portal.Diff(change.From, change.To) {
		lists[line.Op] = append(lists[line.Op], line.Name)
	}
	from, to, files := change.From, change.To, change.Files
	if from == nil {
		from = portal.Content{}
	}
	if to == nil {
		to = portal.Content{}
	}
	if files == nil {
		files = map[string]string{}
	}
	added, changed, removed := lists[portal.Add], lists[portal.Alter], lists[portal.Remove]
	return Request{
		Version: Version, Operation: "deploy", Key: change.Key, Epoch: change.Epoch,
		Pipeline: change.Pipeline, Environment: change.Environment, Release: change.Release,
		From: &from, To: &to, Added: &added, Changed: &changed, Removed: &removed, Files: &files,
	}
}

// Answer is what a program that observes prints:
//
//	{"version":1,"components":{"theme":{"version":"1.0.0","kind":"file","sha256":"…"}}}
//
// components is required, {} if nothing is installed. Of a component each
// field may be left out: what is not reported is not compared. A component's sha256
// is of the bytes that were deployed; one whose bytes were changed by hand is
// reported with the sha256 they have now, or with the version "unknown". With epoch
// a target that keeps the newest epoch it has seen may report it.
type Answer struct {
	Version    int                   `json:"version"`
	Epoch      int64                 `json:"epoch"`
	Components map[string]AnswerItem `json:"components"`
}

// AnswerItem is one component of an Answer.
type AnswerItem struct {
	Version string `json:"version"`
	Kind    string `json:"kind"`
	SHA256  string `json:"sha256"`
	// StripComponents is how the component's archive was unpacked, where the program
	// remembers what it was told.
	StripComponents *int `json:"strip_components"`
}

func (a Answer) content() portal.Content {
	content := make(portal.Content, len(a.Components))
	for name, item := range a.Components {
		strip := target.UntoldStrip
		if item.StripComponents != nil {
			strip = *item.StripComponents
		}
		content[name] = portal.Item{Version: item.Version, Kind: item.Kind, SHA256: item.SHA256, StripComponents: strip}
	}
	return content
}

func parseAnswer(text []byte) (Answer, error) {
	var answer Answer
	if len(bytes.TrimSpace(text)) == 0 {
		return answer, errors.New("is empty: print JSON, with components = {} if nothing is installed")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&answer); err != nil {
		return answer, fmt.Errorf("is not the expected JSON (%w): print only the JSON on standard output, and the rest on standard error", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return answer, errors.New("has more text after the JSON: print only the JSON on standard output, and the rest on standard error")
	}
	switch {
	case answer.Version != Version:
		return answer, fmt.Errorf("has version %d, but this provider knows version %d", answer.Version, Version)
	case answer.Components == nil:
		return answer, errors.New("has no components: print {} for them if nothing is installed")
	case answer.Epoch < 0:
		return answer, fmt.Errorf("has epoch %d", answer.Epoch)
	}
	for name, item := range answer.Components {
		if err := target.CheckName(name); err != nil {
			return answer, fmt.Errorf("is refused: %w", err)
		}
		if item.SHA256 != "" && !portal.IsDigest(item.SHA256) {
			return answer, fmt.Errorf("gives component %q a sha256 that is not 64 lower-case hexadecimal digits", name)
		}
		if item.StripComponents != nil && *item.StripComponents < 0 {
			return answer, fmt.Errorf("gives component %q strip_components %d: leave it out if it is unknown", name, *item.StripComponents)
		}
		for _, text := range []string{item.Version, item.Kind} {
			for _, r := range text {
				if len(text) > 200 || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
					return answer, fmt.Errorf("gives component %q a version or kind that is too long or has control characters", name)
				}
			}
		}
	}
	return answer, nil
}

package portal

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with a declaration.
type Problem struct {
	Field string // the attribute, as users write it
	Text  string // what is wrong and how to correct it
}

func (p Problem) Error() string { return p.Field + ": " + p.Text }

// RejectionError is a request that is invalid for a reason that is not a rule.
type RejectionError struct {
	Summary string // one line: what is rejected
	Detail  string // what is true now and what to do
	Missing bool   // only because something does not exist yet
	// Undeclared says that this is a pipeline, an environment or a release.
	Undeclared bool
}

func (r *RejectionError) Error() string { return r.Summary + ": " + r.Detail }

func reject(summary, detail string, args ...any) error {
	return &RejectionError{Summary: summary, Detail: fmt.Sprintf(detail, args...)}
}

// lack is reject for something that does not exist yet.
func lack(summary, detail string, args ...any) error {
	return &RejectionError{Summary: summary, Detail: fmt.Sprintf(detail, args...), Missing: true}
}

// undeclared is lack for what must be declared first.
func undeclared(summary, detail string, args ...any) error {
	return &RejectionError{Summary: summary, Detail: fmt.Sprintf(detail, args...), Missing: true, Undeclared: true}
}

func invalid(what string, problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.Error()
	}
	return &RejectionError{Summary: what + " is not valid", Detail: strings.Join(lines, "\n")}
}

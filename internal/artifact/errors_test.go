package artifact

import (
	"errors"
	"strings"
	"testing"
)

// TestAFileKeepsItsName begins messages with a file whose name could be a word.
func TestAFileKeepsItsName(t *testing.T) {
	for _, err := range []error{
		&MismatchError{Location: "theme", Wanted: "1", Found: "2"},
		&UnavailableError{Location: "theme", Err: errors.New("it is gone")},
		&UnavailableError{Location: "theme", Wanted: "1", Err: errors.New("it is gone")},
		&ArchiveError{Location: "theme", Err: errors.New("it is cut off")},
	} {
		if text := err.Error(); strings.HasPrefix(text, "theme") {
			t.Errorf("its name would be changed: %s", text)
		}
	}
	if text := (&MismatchError{Location: "dist/theme"}).Error(); !strings.HasPrefix(text, "dist/theme has") {
		t.Errorf("it was quoted: %s", text)
	}
}

package artifact

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// MismatchError says that the bytes found are not the ones that were registered.
type MismatchError struct {
	Location string // as it may be shown
	Wanted   string // the registered sha256
	Found    string // the sha256 of the file now
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("%s has sha256 %s, but %s is registered: restore the registered file, "+
		"or register a new version with the changed one", named(e.Location), e.Found, e.Wanted)
}

// UnavailableError says that a component could not be read at all.
type UnavailableError struct {
	Location string // as it may be shown
	Wanted   string // the registered sha256; "" if none is known yet
	Err      error  // why; holds no address and no secret
}

func (e *UnavailableError) Error() string {
	if e.Wanted == "" {
		return fmt.Sprintf("%s cannot be read: %v", named(e.Location), e.Err)
	}
	if IsRemote(e.Location) {
		return fmt.Sprintf("%s, registered with sha256 %s, is not in the artifact cache and cannot be fetched: %v: "+
			"make it available there again, or change the source to a place that has the same bytes", e.Location, e.Wanted, e.Err)
	}
	return fmt.Sprintf("%s, registered with sha256 %s, is not in the artifact cache and cannot be read: %v: "+
		"restore the file, change the source to a place that has the same bytes, or share the artifact cache of the machine that has them",
		named(e.Location), e.Wanted, e.Err)
}

func (e *UnavailableError) Unwrap() error { return e.Err }

// ArchiveError says that a component has the bytes that were registered, and that
// they are an archive which is not unpacked.
type ArchiveError struct {
	Location string // as it may be shown
	Err      error  // a *archive.RefusedError
}

func (e *ArchiveError) Error() string { return fmt.Sprintf("%s: %v", named(e.Location), e.Err) }

func (e *ArchiveError) Unwrap() error { return e.Err }

// CacheError says that the cache itself could not be read or written.
type CacheError struct {
	Dir string
	Err error
}

func (e *CacheError) Error() string {
	return fmt.Sprintf("the artifact cache %s cannot be used: %v: make it writable, free some space, or set artifact_cache to another directory", e.Dir, e.Err)
}

func (e *CacheError) Unwrap() error { return e.Err }

// named is a location as a message begins with it: quoted if it has letters only, for
// it would pass for a word that begins a sentence.
func named(location string) string {
	if strings.ContainsFunc(location, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return location
	}
	return strconv.Quote(location)
}

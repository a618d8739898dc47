//go:build !unix

package sqlite

import (
	"errors"
	"os"
)

// lockFile cannot lock on this system, so that the lease decides.
func lockFile(*os.File) error { return errors.ErrUnsupported }

func lockFileShared(*os.File) error { return errors.ErrUnsupported }

func isLocked(error) bool { return false }

// mayUse cannot tell on this system.
func mayUse(string, bool) error { return nil }

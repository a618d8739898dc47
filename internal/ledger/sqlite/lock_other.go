//go:build !unix

package sqlite

import (
	"errors"
	"os"
)

// lockFile cannot lock on this system, so that the lease decides.
func lockFile(*os.File) (free bool, err error) { return false, errors.ErrUnsupported }

func lockFileShared(*os.File) (free bool, err error) { return false, errors.ErrUnsupported }

// mayUse cannot tell on this system.
func mayUse(string, bool) error { return nil }

//go:build unix

package sqlite

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/releaseportal/terraform-provider-portal/internal/filelock"
)

// lockFile takes the lock on a file. It belongs to every process that inherits the file,
// too.
func lockFile(file *os.File) (free bool, err error) { return filelock.Try(file) }

// lockFileShared is like lockFile, but leaves others that ask for no more than
// this their lock.
func lockFileShared(file *os.File) (free bool, err error) { return filelock.TryShared(file) }

// mayUse says why this process may not read a file or directory, or not write it.
func mayUse(path string, write bool) error {
	mode := uint32(unix.R_OK)
	if write {
		mode |= unix.W_OK
	}
	return unix.Faccessat(unix.AT_FDCWD, path, mode, unix.AT_EACCESS)
}

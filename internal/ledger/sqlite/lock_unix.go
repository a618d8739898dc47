//go:build unix

package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes the lock on a file, or fails where another has it. The lock
// belongs to the open file and to every process that inherits it.
func lockFile(file *os.File) error {
	return unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}

// lockFileShared is like lockFile, but leaves others that ask for no more than
// this their lock.
func lockFileShared(file *os.File) error {
	return unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB)
}

// isLocked reports whether an error says that another has the lock.
func isLocked(err error) bool { return errors.Is(err, unix.EWOULDBLOCK) }

// mayUse tells why this process may not read a file or directory, or not write it.
func mayUse(path string, write bool) error {
	mode := uint32(unix.R_OK)
	if write {
		mode |= unix.W_OK
	}
	return unix.Faccessat(unix.AT_FDCWD, path, mode, unix.AT_EACCESS)
}

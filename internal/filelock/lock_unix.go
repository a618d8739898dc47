//go:build !windows

package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Try takes the lock on a file, and reports false if another has it. The lock
// belongs to the open file and to every process that inherits it.
func Try(file *os.File) (free bool, err error) { return try(file, unix.LOCK_EX) }

// TryShared is like Try, but leaves others that ask for no more than this their lock.
func TryShared(file *os.File) (free bool, err error) { return try(file, unix.LOCK_SH) }

func try(file *os.File, how int) (free bool, err error) {
	for {
		err := unix.Flock(int(file.Fd()), how|unix.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		case errors.Is(err, unix.EINTR):
			continue
		}
		return false, os.NewSyscallError("flock", err)
	}
}

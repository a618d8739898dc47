package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Try takes the lock on a file, and reports false if another has it. It ends with
// this process: one that inherits the file does not have it.
func Try(file *os.File) (free bool, err error) { return try(file, windows.LOCKFILE_EXCLUSIVE_LOCK) }

// TryShared is like Try, but leaves others that ask for no more than this their lock.
func TryShared(file *os.File) (free bool, err error) { return try(file, 0) }

func try(file *os.File, how uint32) (free bool, err error) {
	err = windows.LockFileEx(windows.Handle(file.Fd()), how|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	if err != nil {
		return false, os.NewSyscallError("LockFileEx", err)
	}
	return true, nil
}

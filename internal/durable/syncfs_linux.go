package durable

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// SyncFileSystem flushes the file system that root is on. Since Linux 5.8 it
// reports what could not be written; on older kernels each file is flushed.
func SyncFileSystem(root *os.Root) (done bool, err error) {
	if !syncfsReports() {
		return false, nil
	}
	dir, err := root.Open(".")
	if err != nil {
		return false, err
	}
	defer dir.Close()
	return true, unix.Syncfs(int(dir.Fd()))
}

var syncfsReports = sync.OnceValue(func() bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	var major, minor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor); err != nil {
		return false
	}
	return major > 5 || major == 5 && minor >= 8
})

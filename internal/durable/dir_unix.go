//go:build !windows

package durable

import "os"

// SyncDir makes the names in a directory durable: what was created in, renamed
// into or removed from it stays so after a loss of power.
func SyncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// SyncDirIn is SyncDir for a directory below root.
func SyncDirIn(root *os.Root, name string) error {
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

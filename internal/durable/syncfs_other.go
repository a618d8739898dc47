//go:build !linux

package durable

import "os"

// SyncFileSystem is not done here.
func SyncFileSystem(*os.Root) (done bool, err error) { return false, nil }

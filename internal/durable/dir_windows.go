package durable

import "os"

// SyncDir does nothing here: Windows keeps names durable by itself and cannot
// flush a directory.
func SyncDir(string) error { return nil }

// SyncDirIn does nothing here, as SyncDir.
func SyncDirIn(*os.Root, string) error { return nil }

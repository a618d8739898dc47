package artifact

import "os"

// SyncDir does nothing here: Windows keeps names durable by itself and cannot
// flush a directory.
func SyncDir(string) error { return nil }

func syncDirIn(*os.Root, string) error { return nil }

//go:build !linux && !darwin

package artifact

import (
	"io/fs"
	"time"
)

// settled is above the two seconds that FAT file systems count in.
const settled = 2100 * time.Millisecond

// identity is weaker here than if there is a time of change: a program that
// sets the time of modification back is not noticed within one process.
type identity struct {
	size, mtime int64
}

func identify(info fs.FileInfo) identity {
	return identity{size: info.Size(), mtime: info.ModTime().UnixNano()}
}

func changeTime(info fs.FileInfo) time.Time { return info.ModTime() }

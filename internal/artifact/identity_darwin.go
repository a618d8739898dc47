package artifact

import (
	"io/fs"
	"syscall"
	"time"
)

// settled is well above the resolution of APFS; HFS+ keeps whole seconds.
const settled = 1100 * time.Millisecond

// identity changes whenever a file's bytes do: nobody can set the time of
// change (ctime) back short of changing the machine's clock.
type identity struct {
	dev, ino           uint64
	size, mtime, ctime int64
}

func identify(info fs.FileInfo) identity {
	stat := info.Sys().(*syscall.Stat_t) //nolint:errcheck // os gives nothing else here
	return identity{
		dev: uint64(stat.Dev), ino: stat.Ino, size: info.Size(),
		mtime: info.ModTime().UnixNano(), ctime: changeTime(info).UnixNano(),
	}
}

func changeTime(info fs.FileInfo) time.Time {
	stat := info.Sys().(*syscall.Stat_t) //nolint:errcheck // os gives nothing else here
	return time.Unix(stat.Ctimespec.Unix())
}

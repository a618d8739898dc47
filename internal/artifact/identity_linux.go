package artifact

import (
	"io/fs"
	"syscall"
	"time"
)

// settled is well above the tick of the kernel's coarse clock (10 ms at most).
const settled = 100 * time.Millisecond

// identity changes whenever a file's bytes do: nobody can set the time of
// change (ctime) back short of changing the machine's clock.
type identity struct {
	dev, ino           uint64
	size, mtime, ctime int64
}

func identify(info fs.FileInfo) identity {
	stat := info.Sys().(*syscall.Stat_t) //nolint:errcheck // os gives nothing else here
	return identity{
		dev: uint64(stat.Dev), ino: stat.Ino, size: info.Size(), //nolint:unconvert // 32 bits on some architectures
		mtime: info.ModTime().UnixNano(), ctime: changeTime(info).UnixNano(),
	}
}

func changeTime(info fs.FileInfo) time.Time {
	stat := info.Sys().(*syscall.Stat_t) //nolint:errcheck // os gives nothing else here
	return time.Unix(stat.Ctim.Unix())
}

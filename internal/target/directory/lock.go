package directory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/durable"
	"github.com/releaseportal/terraform-provider-portal/internal/filelock"
	"github.com/releaseportal/terraform-provider-portal/internal/wait"
)

// lock creates the directory if needed and waits until no other process, and
// nobody in this one, works on it. The system drops the lock of a process that
// ends, however it ends.
func (t *Target) lock(ctx context.Context) (unlock func(), err error) {
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		file, err := t.tryLock()
		if err != nil {
			return nil, t.unreachable(err)
		}
		if file != nil {
			return func() { _ = file.Close() }, nil
		}
		if err := wait.For(ctx, pause); err != nil {
			return nil, fmt.Errorf("another process deploys to %s, and waiting for it ended: %w", t.path, err)
		}
	}
}

// tryLock gives nil if somebody else has the lock.
func (t *Target) tryLock() (*os.File, error) {
	if _, err := os.Stat(t.path); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(t.path, dirMode); err != nil {
			return nil, err
		}
		if err := durable.SyncDir(filepath.Dir(t.path)); err != nil {
			return nil, err
		}
	}
	name := filepath.Join(t.path, lockName)
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // emptied and removed meanwhile: again
	}
	if err != nil {
		return nil, err
	}
	free, err := filelock.Try(file)
	if err != nil || !free {
		_ = file.Close()
		return nil, err
	}
	// Who emptied the directory removed the file that others wait for.
	held, err := file.Stat()
	if err == nil {
		var there fs.FileInfo
		if there, err = os.Stat(name); err == nil && os.SameFile(held, there) {
			return file, nil
		}
	}
	_ = file.Close()
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return nil, err
}

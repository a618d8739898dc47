package sqlite

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// witness shows other processes on this host whether the holder of a lease is
// still alive: two files that its process has locked. A lock ends with the
// process, however it ends.
//
// The first file says when the holder has ended, so that an attempt that was
// killed can be taken over at once and not only when its lease is over. Programs
// that a process starts to deploy inherit it, and hold the lock until they have
// ended too. Only a file that can be locked proves that its holder has ended, so
// it stays when the holder ends. Anything else proves nothing: where the file is
// missing or cannot be locked, or a program keeps it for good, the lease decides.
//
// The second file says that the holder's own process exists. Nobody inherits it,
// so that a server which a program has started does not count as the holder.
// While it is locked the lease is not over: a process that was stopped goes on
// one day, and two would be at work. It names the process.
type witness struct {
	dir string

	mu      sync.Mutex
	name    string
	file    *os.File
	process *os.File
}

// processSuffix is what the second file's name has behind the first one's.
const processSuffix = ".process"

// sweptAfter is when a file is of no use any more. It is touched with every
// lease, so that by then the last one has been over for long.
const sweptAfter = time.Hour

// holder names this process in leases, "" if it has no witness. The file is
// made when it is first needed.
func (w *witness) holder() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		// Without a witness the lease decides, so a failure only costs time.
		_ = w.open()
	}
	return w.name
}

// touch keeps the file from being swept away as long as it may be needed.
func (w *witness) touch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file != nil {
		now := time.Now()
		_ = os.Chtimes(w.file.Name(), now, now)
		_ = os.Chtimes(w.process.Name(), now, now)
	}
}

func (w *witness) open() error {
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return err
	}
	w.sweep(time.Now().Add(-sweptAfter))
	var random [8]byte
	_, _ = rand.Read(random[:])
	name := hex.EncodeToString(random[:])
	file, err := w.create(name)
	if err != nil {
		return err
	}
	process, err := w.create(name + processSuffix)
	if err != nil {
		_ = file.Close()
		return err
	}
	_, _ = process.WriteString(describeProcess()) // the lock is what counts, and the disk may be full
	w.name, w.file, w.process = name, file, process
	return nil
}

// create makes and locks a file.
func (w *witness) create(name string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(w.dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	free, err := lockFile(file)
	if err == nil && !free {
		err = errors.New("another process has locked it")
	}
	if err != nil {
		_ = file.Close()
		_ = os.Remove(file.Name()) // what cannot be locked is never swept
		return nil, err
	}
	// A process whose clock is wrong may have swept it away before it was locked.
	if !inPlace(file) {
		_ = file.Close()
		return nil, errors.New("the witness is gone")
	}
	return file, nil
}

// describeProcess says where to find this process.
func describeProcess() string {
	text := fmt.Sprintf("process %d", os.Getpid())
	if host, err := os.Hostname(); err == nil {
		text += " on " + host
	}
	return text
}

// inPlace reports whether the file's path leads to it.
func inPlace(file *os.File) bool {
	there, err := os.Stat(file.Name())
	if err != nil {
		return false
	}
	opened, err := file.Stat()
	return err == nil && os.SameFile(there, opened)
}

// sweep removes what ended processes have left and nobody has touched since.
func (w *witness) sweep(since time.Time) {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || !info.ModTime().Before(since) {
			continue
		}
		// The lock is kept until the file is removed, so that the one who makes it
		// either has the lock before, or sees that the file is gone.
		if file := w.proof(entry.Name()); file != nil {
			_ = os.Remove(file.Name())
			_ = file.Close()
		}
	}
}

// gone reports whether a holder is known to have ended, with everything that it
// started.
func (w *witness) gone(holder string) bool {
	w.mu.Lock()
	mine := holder == w.name
	w.mu.Unlock()
	if mine {
		return false
	}
	file := w.proof(holder)
	if file == nil {
		return false
	}
	_ = file.Close()
	return true
}

// alive reports whether the process of a holder is known to exist, and says where
// to find it, "" if that cannot be read.
func (w *witness) alive(holder string) (alive bool, where string) {
	w.mu.Lock()
	mine := holder == w.name
	w.mu.Unlock()
	if mine {
		// Who asks does not stand still: its own lease is over when it is not renewed.
		return false, ""
	}
	if holder == "" || filepath.Base(holder) != holder {
		return false, ""
	}
	file, err := os.OpenFile(filepath.Join(w.dir, holder+processSuffix), os.O_RDWR, 0)
	if err != nil {
		return false, ""
	}
	defer func() { _ = file.Close() }()
	if free, err := lockFileShared(file); err != nil || free || !inPlace(file) {
		return false, ""
	}
	text := make([]byte, 300) // a host's name has at most 255 bytes
	n, _ := file.ReadAt(text, 0)
	where = string(text[:n])
	if len(portal.ValidateLine("holder", where)) > 0 {
		return true, ""
	}
	return true, where
}

// proof is the file of a holder that has ended, locked, or nil if there is
// no proof of that. Many may have it at once, so that none is misled by another
// that asks.
func (w *witness) proof(holder string) *os.File {
	if holder == "" || filepath.Base(holder) != holder {
		return nil
	}
	// For writing, which excludes directories.
	file, err := os.OpenFile(filepath.Join(w.dir, holder), os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	if free, err := lockFileShared(file); err != nil || !free || !inPlace(file) {
		_ = file.Close()
		return nil
	}
	return file
}

// close ends the witness of a process that ends in order. The file stays, as
// proof where an attempt is left open.
func (w *witness) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file != nil {
		_ = w.process.Close()
		_ = w.file.Close()
		w.file, w.process, w.name = nil, nil, ""
	}
}

// Witness implements ledger.Witnessing.
func (e *Engine) Witness() *os.File {
	e.witness.mu.Lock()
	defer e.witness.mu.Unlock()
	return e.witness.file
}

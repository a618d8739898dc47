package sqlite

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// witness shows other processes on this host whether the holder of a lease is
// still alive: a file that its process has locked. The lock ends with the
// process, however it ends, so that an attempt that was killed can be taken over
// at once and not only when its lease is over. Programs that a process starts to
// deploy inherit the file, and hold the lock until they have ended too.
//
// Only a file that can be locked proves that its holder has ended, so it stays
// when the holder ends. Anything else proves nothing: where the file is missing
// or cannot be locked, or a program keeps it for good, the lease decides.
type witness struct {
	dir string

	mu   sync.Mutex
	name string
	file *os.File
}

// sweptAfter is when a file is of no use any more. It is touched with every
// lease, so that by then the last one has been over for long.
const sweptAfter = time.Hour

// holder names this process in leases, "" where it has no witness. The file is
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
	file, err := os.OpenFile(filepath.Join(w.dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := lockFile(file); err != nil {
		_ = file.Close()
		_ = os.Remove(file.Name()) // what cannot be locked is never swept
		return err
	}
	// A process whose clock is wrong may have swept it away before it was locked.
	if !inPlace(file) {
		_ = file.Close()
		return errors.New("the witness is gone")
	}
	w.name, w.file = name, file
	return nil
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
		// The lock is kept until the file is removed, so that whoever makes it
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

// proof is the file of a holder that has ended, locked, or nil where there is
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
	if lockFileShared(file) != nil || !inPlace(file) {
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
		_ = w.file.Close()
		w.file, w.name = nil, ""
	}
}

// Witness implements ledger.Engine.
func (e *Engine) Witness() *os.File {
	e.witness.mu.Lock()
	defer e.witness.mu.Unlock()
	return e.witness.file
}

package sqlite

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// witness shows other processes on this host whether the holder of a lease is
// still alive: a file that its process has locked. The lock ends with the
// process, however it ends, so that an attempt that was killed can be taken over
// at once and not only when its lease is over. Programs that a process starts to
// deploy inherit the file, and hold the lock until they have ended too.
//
// Silence of the witness proves nothing: where files cannot be locked, or a
// program keeps the file for good, the lease decides.
type witness struct {
	dir string

	mu   sync.Mutex
	name string
	file *os.File
}

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

func (w *witness) open() error {
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return err
	}
	w.sweep()
	var random [8]byte
	_, _ = rand.Read(random[:])
	name := hex.EncodeToString(random[:])
	file, err := os.OpenFile(filepath.Join(w.dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := lockFile(file); err != nil {
		_ = file.Close()
		return err
	}
	// Another process may have swept it away before it was locked.
	if _, err := os.Stat(file.Name()); err != nil {
		_ = file.Close()
		return fmt.Errorf("the witness is gone: %w", err)
	}
	w.name, w.file = name, file
	return nil
}

// sweep removes what ended processes have left.
func (w *witness) sweep() {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if w.ended(entry.Name()) {
			_ = os.Remove(filepath.Join(w.dir, entry.Name()))
		}
	}
}

// gone reports whether a holder is known to have ended, with everything that it
// started.
func (w *witness) gone(holder string) bool {
	w.mu.Lock()
	mine := holder == w.name
	w.mu.Unlock()
	return !mine && w.ended(holder)
}

func (w *witness) ended(holder string) bool {
	if holder == "" || filepath.Base(holder) != holder {
		return false
	}
	file, err := os.OpenFile(filepath.Join(w.dir, holder), os.O_RDWR, 0)
	if os.IsNotExist(err) {
		return true // it has ended, and was swept
	}
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	return lockFile(file) == nil
}

// close ends the witness of a process that ends in order.
func (w *witness) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file != nil {
		_ = os.Remove(w.file.Name())
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

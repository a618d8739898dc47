package sqlite

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func witnessIn(t *testing.T, dir string) *witness {
	t.Helper()
	w := &witness{dir: dir}
	if w.holder() == "" {
		t.Fatal("there is no witness")
	}
	t.Cleanup(w.close)
	return w
}

// age makes the file of a witness look as if it had last been of use long ago.
func age(t *testing.T, w *witness) {
	t.Helper()
	long := time.Now().Add(-2 * sweptAfter)
	if err := os.Chtimes(w.file.Name(), long, long); err != nil {
		t.Fatal(err)
	}
}

func TestAHolderIsAliveUntilItEnds(t *testing.T) {
	dir := t.TempDir()
	ours, theirs := witnessIn(t, dir), witnessIn(t, dir)
	holder := theirs.holder()
	if ours.gone(ours.holder()) || ours.gone(holder) {
		t.Fatal("a living holder counts as gone")
	}
	theirs.close()
	witnessIn(t, dir) // which does not sweep the proof away
	if !ours.gone(holder) {
		t.Fatal("a holder that has ended counts as alive")
	}
}

func TestOnlyWhatIsOldAndOfTheDeadIsSweptAway(t *testing.T) {
	dir := t.TempDir()
	alive, dead, young := witnessIn(t, dir), witnessIn(t, dir), witnessIn(t, dir)
	age(t, alive)
	age(t, dead)
	left := map[string]bool{alive.file.Name(): true, dead.file.Name(): false, young.file.Name(): true}
	dead.close()
	young.close()
	ours := witnessIn(t, dir)
	for name, want := range left {
		if _, err := os.Stat(name); (err == nil) != want {
			t.Errorf("%v, but that the file is there should be %t", err, want)
		}
	}
	if ours.gone(alive.holder()) {
		t.Error("a living holder counts as gone")
	}
}

func TestALeaseKeepsTheWitnessFromBeingSweptAway(t *testing.T) {
	engine, err := Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	lease := portal.Lease{Epoch: 1, Expires: time.Now().Add(time.Minute)}
	put := func(tx ledger.WriteTx) error { return tx.PutLease("shop", "dev", lease) }
	renew := func(tx ledger.WriteTx) error {
		_, err := tx.RenewLease("shop", "dev", lease)
		return err
	}
	if err := engine.Write(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(ledger.WriteTx) error{"put": put, "renewed": renew} {
		age(t, engine.witness)
		if err := engine.Write(t.Context(), write); err != nil {
			t.Fatal(err)
		}
		info, err := engine.witness.file.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if old := time.Since(info.ModTime()); old > sweptAfter/2 {
			t.Errorf("when a lease has just been %s, the file is %s old", name, old)
		}
	}
}

func TestAProgramThatInheritedTheWitnessKeepsItsHolderAlive(t *testing.T) {
	dir := t.TempDir()
	ours, theirs := witnessIn(t, dir), witnessIn(t, dir)
	program := exec.Command("sh", "-c", "read line")
	program.ExtraFiles = []*os.File{theirs.file}
	stdin, err := program.StdinPipe()
	if err == nil {
		err = program.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	holder := theirs.holder()
	if alive, _ := ours.alive(holder); !alive {
		t.Error("the holder does not count as alive")
	}
	theirs.close()
	if ours.gone(holder) {
		t.Error("the holder counts as gone while its program runs")
	}
	if alive, _ := ours.alive(holder); alive {
		t.Error("a program that a holder has left behind counts as the holder")
	}
	_ = stdin.Close()
	_ = program.Wait()
	if !ours.gone(holder) {
		t.Error("the holder counts as alive after its program has ended")
	}
}

func TestWithoutAWitnessNobodyCountsAsGoneOrAlive(t *testing.T) {
	ours := witnessIn(t, t.TempDir())
	for _, holder := range []string{"", "../../etc/passwd", "..", ".", "0123456789abcdef"} {
		if ours.gone(holder) {
			t.Errorf("holder %q counts as gone", holder)
		}
		if alive, _ := ours.alive(holder); alive {
			t.Errorf("holder %q counts as alive", holder)
		}
	}
}

// Asking must not be in the way of others that ask, or they would wait for a
// lease for nothing.
func TestManyAskAtOnce(t *testing.T) {
	dir := t.TempDir()
	ours, dead := witnessIn(t, dir), witnessIn(t, dir)
	holder := dead.holder()
	dead.close()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if !ours.gone(holder) {
					t.Error("a dead holder counts as alive")
					return
				}
			}
		})
	}
	all.Wait()
}

// Whoever sweeps as if all files were old may hit one that is just being made.
// Its maker may then go without, but must not believe in a file that is gone.
func TestAWitnessThatIsSweptAwayWhileItIsMade(t *testing.T) {
	dir := t.TempDir()
	stop := make(chan struct{})
	var sweepers, makers sync.WaitGroup
	for range 6 {
		sweepers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					(&witness{dir: dir}).sweep(time.Now().Add(time.Hour))
				}
			}
		})
	}
	for range 4 {
		makers.Go(func() {
			for range 300 {
				w := &witness{dir: dir}
				if holder := w.holder(); holder != "" {
					if _, err := os.Stat(filepath.Join(dir, holder)); err != nil {
						t.Error(err)
					}
					if (&witness{dir: dir}).gone(holder) {
						t.Error("a living holder counts as gone")
					}
				}
				w.close()
			}
		})
	}
	makers.Wait()
	close(stop)
	sweepers.Wait()
}

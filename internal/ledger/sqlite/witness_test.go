package sqlite

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
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

func TestAHolderIsAliveUntilItEnds(t *testing.T) {
	dir := t.TempDir()
	ours, theirs := witnessIn(t, dir), witnessIn(t, dir)
	holder := theirs.holder()
	if ours.gone(ours.holder()) || ours.gone(holder) {
		t.Fatal("a living holder counts as gone")
	}
	theirs.close()
	if !ours.gone(holder) {
		t.Fatal("a holder that has ended counts as alive")
	}
}

func TestAHolderThatDiedIsGoneAndIsSweptAway(t *testing.T) {
	dir := t.TempDir()
	ours, theirs := witnessIn(t, dir), witnessIn(t, dir)
	holder := theirs.holder()
	_ = theirs.file.Close() // as the end of a process does, without removing the file
	if !ours.gone(holder) {
		t.Fatal("a dead holder counts as alive")
	}
	witnessIn(t, dir)
	if _, err := os.Stat(filepath.Join(dir, holder)); !os.IsNotExist(err) {
		t.Fatalf("what it left is still there: %v", err)
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
	_ = theirs.file.Close()
	if ours.gone(holder) {
		t.Error("the holder counts as gone while its program runs")
	}
	_ = stdin.Close()
	_ = program.Wait()
	if !ours.gone(holder) {
		t.Error("the holder counts as alive after its program has ended")
	}
}

func TestWithoutAWitnessNobodyCountsAsGone(t *testing.T) {
	ours := witnessIn(t, t.TempDir())
	for _, holder := range []string{"", "../../etc/passwd", ".."} {
		if ours.gone(holder) {
			t.Errorf("holder %q counts as gone", holder)
		}
	}
}

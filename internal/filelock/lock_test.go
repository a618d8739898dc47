package filelock

import (
	"os"
	"path/filepath"
	"testing"
)

func TestALockKeepsOthersOut(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		return file
	}
	want := func(what string, try func(*os.File) (bool, error), file *os.File, want bool) {
		t.Helper()
		if free, err := try(file); err != nil || free != want {
			t.Errorf("%s: %t, %v", what, free, err)
		}
	}
	first, second := open(), open()
	want("alone", Try, first, true)
	want("while another has it", Try, second, false)
	want("while another has it, shared", TryShared, second, false)
	_ = first.Close()
	want("when that one is closed", TryShared, second, true)
	third := open()
	want("shared with another", TryShared, third, true)
	want("alone, while others share it", Try, open(), false)
}

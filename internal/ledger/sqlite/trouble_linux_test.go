package sqlite_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/sqlite"
)

// What a process of the tests is confined to.
const (
	confinedVariable = "PORTAL_SQLITE_TEST_CONFINED" // the path of a ledger
	userVariable     = "PORTAL_SQLITE_TEST_USER"     // who uses it
	sizeVariable     = "PORTAL_SQLITE_TEST_SIZE"     // how large a file may become
)

// TestConfined is what another process does: it prints why it cannot use the ledger.
func TestConfined(t *testing.T) {
	path := os.Getenv(confinedVariable)
	if path == "" {
		t.Skip("it is run by another test")
	}
	if size, err := strconv.ParseUint(os.Getenv(sizeVariable), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: size}); err != nil {
			t.Fatal(err)
		}
	}
	if user, err := strconv.Atoi(os.Getenv(userVariable)); err == nil {
		if err := syscall.Setuid(user); err != nil {
			t.Fatal(err)
		}
	}
	err := use(t, path)
	for n := 0; n < 100 && err == nil; n++ {
		err = use(t, path)
		if engine, openErr := sqlite.Open(t.Context(), path); openErr == nil {
			err = fillUp(t, ledger.New(engine))
			engine.Close()
		}
	}
	if err != nil {
		fmt.Println("refused: " + err.Error())
	}
}

type toldError string

func (e toldError) Error() string { return string(e) }

// confined is what TestConfined says in a process of its own.
func confined(t *testing.T, path string, variables ...string) error {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "-test.run", "^TestConfined$")
	cmd.Env = append(os.Environ(), append(variables, confinedVariable+"="+path)...)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	_, told, found := strings.Cut(string(output), "refused: ")
	if !found {
		return nil
	}
	told, _, _ = strings.Cut(told, "\n")
	return toldError(told)
}

// place writes a filled ledger where everybody may come.
func place(t *testing.T, content []byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ledger")
	path := filepath.Join(dir, "ledger.db")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{filepath.Dir(filepath.Dir(dir)): 0o755, dir: 0o777, path: 0o666} {
		if err := os.Chmod(name, mode); err != nil { // whatever the umask is
			t.Fatal(err)
		}
	}
	return path
}

const nobody = 65534

func TestAPlaceThatMayNotBeUsedSaysWhichAndWhy(t *testing.T) {
	if testing.Short() {
		t.Skip("one thing after the other")
	}
	content := filled(t)
	as := []string{}
	if os.Geteuid() == 0 { // who may do everything
		as = append(as, userVariable+"="+strconv.Itoa(nobody))
	}
	for _, c := range []struct {
		name string
		file os.FileMode
		dir  os.FileMode
		at   string // what is named
	}{
		{"a file that may not be read", 0, 0o777, "ledger.db: permission denied"},
		{"a file that may not be written", 0o444, 0o777, "ledger.db: permission denied"},
		{"a directory that may not be written", 0o666, 0o555, "ledger: permission denied"},
		{"a directory that may not be entered", 0o666, 0, "ledger.db: permission denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := place(t, content)
			t.Cleanup(func() { _ = os.Chmod(filepath.Dir(path), 0o700) })
			if err := os.Chmod(path, c.file); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Dir(path), c.dir); err != nil {
				t.Fatal(err)
			}
			mustSay(t, confined(t, path, as...), c.at, "Nothing was changed", "Give this user permission to read and write the file and its directory")
		})
	}
}

func TestAFileThatMayNotGrowSaysThatTheDiskDoesNotTakeIt(t *testing.T) {
	if testing.Short() {
		t.Skip("one thing after the other")
	}
	content := filled(t)
	for name, size := range map[string]int{"at once": 1000, "soon": len(content) + 200_000} {
		t.Run(name, func(t *testing.T) {
			path := place(t, content)
			mustSay(t, confined(t, path, sizeVariable+"="+strconv.Itoa(size)), "the disk failed to read or write", "it may be full, over a quota", "What was recorded before is safe", "ledger verify")
			engine := mustOpen(t, path)
			if err := ledger.New(engine).Verify(t.Context(), "shop"); err != nil {
				t.Error(err)
			}
		})
	}
}

// mount mounts a small file system of the test's own, where that may be done.
func mount(t *testing.T) (dir string, remount func(flags uintptr)) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("nothing can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir, func(flags uintptr) {
		if err := syscall.Mount("none", dir, "tmpfs", flags|syscall.MS_REMOUNT, "size=1m"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFullDiskSaysThatNothingWasRecorded(t *testing.T) {
	dir, _ := mount(t)
	path := filepath.Join(dir, "ledger.db")
	l := ledger.New(mustOpen(t, path))
	if err := declare(t, l, "shop"); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	_ = os.WriteFile(ballast, bytes.Repeat([]byte{1}, 2<<20), 0o600) // as much as there is room for
	mustSay(t, fillUp(t, l), "the disk is full", "This was not recorded", "what was recorded before is safe", "Free some space", path)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := freeze(t, l, "easter", "the shops are closed"); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := l.Verify(t.Context(), "shop"); err != nil {
		t.Error(err)
	}
}

func TestAReadOnlyFileSystemIsNamed(t *testing.T) {
	dir, remount := mount(t)
	path := filepath.Join(dir, "ledger.db")
	engine := mustOpen(t, path)
	if err := declare(t, ledger.New(engine), "shop"); err != nil {
		t.Fatal(err)
	}
	engine.Close()
	remount(syscall.MS_RDONLY)
	mustSay(t, use(t, path), path+": read-only file system", "Nothing was changed", "on a writable file system")
	mustSay(t, use(t, filepath.Join(dir, "new", "ledger.db")), "read-only file system", "Nothing was changed", "on a writable file system")
}

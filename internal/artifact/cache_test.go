package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}

func mustWrite(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustOpen(t testing.TB, options ...Option) *Cache {
	t.Helper()
	cache, err := Open(filepath.Join(t.TempDir(), "cache"), options...)
	if err != nil {
		t.Fatal(err)
	}
	return cache
}

func mustFetch(t testing.TB, cache *Cache, source Source, want string) string {
	t.Helper()
	path, err := cache.Fetch(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatalf("fetched %q, want %q", got, want)
	}
	return path
}

func TestOpenCreatesNothing(t *testing.T) {
	cache := mustOpen(t)
	if _, err := os.Stat(cache.dir); !os.IsNotExist(err) {
		t.Errorf("the directory is there before anything was fetched: %v", err)
	}
}

func TestOpenRefusesAFile(t *testing.T) {
	path := mustWrite(t, filepath.Join(t.TempDir(), "file"), "")
	var cacheErr *CacheError
	if _, err := Open(path); !errors.As(err, &cacheErr) {
		t.Errorf("got %v, want a CacheError", err)
	}
}

func TestAFetchedFileIsACopyOpenToItsOwnerOnly(t *testing.T) {
	cache := mustOpen(t)
	source := Source{Location: mustWrite(t, filepath.Join(t.TempDir(), "theme.zip"), "theme"), SHA256: sum("theme")}
	path := mustFetch(t, cache, source, "theme")
	mustWrite(t, source.Location, "changed afterwards")
	mustFetch(t, cache, source, "theme")
	if runtime.GOOS == "windows" {
		return
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o444 {
		t.Errorf("the file has mode %v", info.Mode())
	}
	if info, _ := os.Stat(cache.dir); info.Mode().Perm() != 0o700 {
		t.Errorf("the cache has mode %v", info.Mode())
	}
	if left, _ := os.ReadDir(cache.temporary()); len(left) != 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

func TestARelativePathIsTakenFromTheWorkingDirectory(t *testing.T) {
	dir := t.TempDir()
	mustWrite(t, filepath.Join(dir, "dist", "theme.zip"), "theme")
	t.Chdir(dir)
	mustFetch(t, mustOpen(t), Source{Location: "dist/theme.zip", SHA256: sum("theme")}, "theme")
}

func TestWhatIsCachedIsFoundWithoutItsSource(t *testing.T) {
	cache := mustOpen(t)
	source := Source{Location: mustWrite(t, filepath.Join(t.TempDir(), "theme.zip"), "theme"), SHA256: sum("theme")}
	mustFetch(t, cache, source, "theme")
	if err := os.Remove(source.Location); err != nil {
		t.Fatal(err)
	}
	if err := cache.Check(t.Context(), source); err != nil {
		t.Errorf("plan refuses it: %v", err)
	}
	mustFetch(t, cache, source, "theme")
}

func TestACorruptedObjectIsFetchedAnew(t *testing.T) {
	damage := map[string]func(t *testing.T, path string){
		"other bytes of the same length": func(t *testing.T, path string) {
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
			mustWrite(t, path, "THEME")
		},
		"cut short": func(t *testing.T, path string) {
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, 1); err != nil {
				t.Fatal(err)
			}
		},
		"a directory in its place": func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, harm := range damage {
		t.Run(name, func(t *testing.T) {
			cache := mustOpen(t)
			source := Source{Location: mustWrite(t, filepath.Join(t.TempDir(), "theme.zip"), "theme"), SHA256: sum("theme")}
			harm(t, mustFetch(t, cache, source, "theme"))
			mustFetch(t, cache, source, "theme")
		})
	}
}

func TestACorruptedObjectWithoutASourceIsUnavailable(t *testing.T) {
	cache := mustOpen(t)
	source := Source{Location: mustWrite(t, filepath.Join(t.TempDir(), "theme.zip"), "theme"), SHA256: sum("theme")}
	path := mustFetch(t, cache, source, "theme")
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("other"), 0o600), os.Remove(source.Location)); err != nil {
		t.Fatal(err)
	}
	var unavailable *UnavailableError
	if _, err := cache.Fetch(t.Context(), source); !errors.As(err, &unavailable) {
		t.Fatalf("got %v, want an UnavailableError", err)
	}
	if cache.Has(source.SHA256) {
		t.Error("the corrupted object is still there")
	}
}

func TestFetchAndCheckSayWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	there := mustWrite(t, filepath.Join(dir, "theme.zip"), "other")
	large := mustWrite(t, filepath.Join(dir, "large.zip"), strings.Repeat("x", 1001))
	cases := map[string]struct {
		source Source
		want   []string
	}{
		"changed file":       {Source{Location: there, SHA256: sum("theme")}, []string{there, sum("theme"), sum("other"), "register a new version", "restore the registered file"}},
		"missing file":       {Source{Location: filepath.Join(dir, "gone.zip"), SHA256: sum("theme")}, []string{"gone.zip", sum("theme"), "no such file", "restore the file"}},
		"directory":          {Source{Location: dir, SHA256: sum("theme")}, []string{"it is a directory"}},
		"larger than it may": {Source{Location: large, SHA256: sum("theme")}, []string{"1001 bytes, more than the 1000"}},
		"no digest":          {Source{Location: there}, []string{"64 lower-case hexadecimal digits"}},
		"upper-case digest":  {Source{Location: there, SHA256: strings.ToUpper(sum("theme"))}, []string{"64 lower-case hexadecimal digits"}},
		"no location":        {Source{SHA256: sum("theme")}, []string{"source is empty"}},
		"another scheme":     {Source{Location: "oci://host/theme", SHA256: sum("theme")}, []string{"this is oci://"}},
		"plain http":         {Source{Location: "http://artifacts.example/theme", SHA256: sum("theme")}, []string{"use https://"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cache := mustOpen(t, withMaxSize(1000))
			_, fetched := cache.Fetch(t.Context(), c.source)
			checked := cache.Check(t.Context(), c.source)
			if fetched == nil || checked == nil {
				t.Fatalf("fetch %v, check %v: want both to fail", fetched, checked)
			}
			for _, want := range c.want {
				if !strings.Contains(fetched.Error(), want) || !strings.Contains(checked.Error(), want) {
					t.Errorf("%q is missing in\nfetch: %v\ncheck: %v", want, fetched, checked)
				}
			}
		})
	}
}

func TestOneCallersCancellationIsNotAnothersFailure(t *testing.T) {
	cache := mustOpen(t)
	source := Source{Location: mustWrite(t, filepath.Join(t.TempDir(), "theme.zip"), "theme"), SHA256: sum("theme")}
	leave, err := cache.wait(t.Context(), source.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cache.Fetch(impatient, source); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	leave()
	mustFetch(t, cache, source, "theme")
	if len(cache.fetches) != 0 {
		t.Errorf("turns are left: %v", cache.fetches)
	}
}

func TestManyFetchesOfOneDigestAgree(t *testing.T) {
	cache := mustOpen(t)
	source := Source{Location: mustWrite(t, filepath.Join(t.TempDir(), "theme.zip"), "theme"), SHA256: sum("theme")}
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() { mustFetch(t, cache, source, "theme") })
	}
	group.Wait()
}

func TestASettledFileIsReadOnceAProcess(t *testing.T) {
	path := mustWrite(t, filepath.Join(t.TempDir(), "theme.zip"), "theme")
	time.Sleep(settled + 20*time.Millisecond)
	if _, _, err := SumFile(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if digest, ok := sums.get(path, info); !ok || digest != sum("theme") {
		t.Errorf("remembered %q, %v", digest, ok)
	}
	mustWrite(t, path, "THEME")
	if digest, size, err := SumFile(path); err != nil || digest != sum("THEME") || size != 5 {
		t.Errorf("after the change: %s, %d, %v", digest, size, err)
	}
}

func TestAChangeRightAfterReadingIsSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "theme.zip")
	for i := range 200 {
		text := string(rune('a'+i%2)) + "heme"
		mustWrite(t, path, text)
		if digest, _, err := SumFile(path); err != nil || digest != sum(text) {
			t.Fatalf("round %d: got %s, %v", i, digest, err)
		}
	}
}

func TestLeftoversOfKilledRunsAreDropped(t *testing.T) {
	cache := mustOpen(t)
	old := mustWrite(t, filepath.Join(cache.temporary(), "fetch-old"), "half")
	young := mustWrite(t, filepath.Join(cache.temporary(), "fetch-young"), "half")
	past := time.Now().Add(-2 * leftoverAge)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	mustFetch(t, cache, Source{Location: mustWrite(t, filepath.Join(t.TempDir(), "a"), "a"), SHA256: sum("a")}, "a")
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("the old leftover stays: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("somebody's work in progress was dropped: %v", err)
	}
}

func TestAnUnwritableCacheIsNamed(t *testing.T) {
	parent := mustWrite(t, filepath.Join(t.TempDir(), "file"), "")
	cache, err := Open(filepath.Join(parent, "cache"))
	if err != nil {
		t.Fatal(err)
	}
	source := Source{Location: mustWrite(t, filepath.Join(t.TempDir(), "a"), "a"), SHA256: sum("a")}
	_, err = cache.Fetch(t.Context(), source)
	var cacheErr *CacheError
	if !errors.As(err, &cacheErr) || !strings.Contains(err.Error(), "artifact_cache") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkFetchOfWhatIsCached(b *testing.B) {
	cache := mustOpen(b)
	text := strings.Repeat("0123456789abcdef", 1<<16)
	source := Source{Location: mustWrite(b, filepath.Join(b.TempDir(), "theme.zip"), text), SHA256: sum(text)}
	for b.Loop() {
		if _, err := cache.Fetch(b.Context(), source); err != nil {
			b.Fatal(err)
		}
	}
}

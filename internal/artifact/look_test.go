package artifact

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// tarOf is a tar with one entry of that kind.
func tarOf(t testing.TB, kind byte) string {
	t.Helper()
	var buffer bytes.Buffer
	writer := tar.NewWriter(&buffer)
	header := &tar.Header{Name: "latest.css", Mode: 0o644, Typeflag: kind}
	if kind == tar.TypeSymlink {
		header.Linkname = "main.css"
	}
	if err := writer.WriteHeader(header); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.String()
}

func TestArchivesAreLookedInto(t *testing.T) {
	good, bad := tarOf(t, tar.TypeReg), tarOf(t, tar.TypeSymlink)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(bad))
	}))
	defer server.Close()
	path := mustWrite(t, filepath.Join(t.TempDir(), "theme.tar"), bad)
	fine := mustWrite(t, filepath.Join(t.TempDir(), "theme.tar"), good)

	refused := func(t *testing.T, err error, location string) {
		t.Helper()
		var archive *ArchiveError
		if !errors.As(err, &archive) || !strings.HasPrefix(err.Error(), location+`: the archive is refused: "latest.css" is a symbolic link to "main.css"`) {
			t.Errorf("got %v", err)
		}
	}
	t.Run("a path", func(t *testing.T) {
		cache, source := mustOpen(t), Source{Location: path, SHA256: sum(bad), Kind: "archive"}
		refused(t, cache.Check(t.Context(), source), path)
		got, err := cache.Fetch(t.Context(), source)
		refused(t, err, path)
		if got != "" {
			t.Errorf("it gave %s", got)
		}
		// It is in the cache then, and refused from there too.
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		defer mustWrite(t, path, bad)
		refused(t, cache.Check(t.Context(), source), path)
	})
	t.Run("an address", func(t *testing.T) {
		cache, source := mustOpen(t), Source{Location: server.URL + "/theme.tar?signature=SECRET", SHA256: sum(bad), Kind: "archive"}
		if err := cache.Check(t.Context(), source); err != nil {
			t.Errorf("nothing is known of it yet, and Check says %v", err)
		}
		_, err := cache.Fetch(t.Context(), source)
		refused(t, err, server.URL+"/theme.tar?…")
		refused(t, cache.Check(t.Context(), source), server.URL+"/theme.tar?…")
	})
	t.Run("what is no archive is not", func(t *testing.T) {
		for _, kind := range []string{"", "file", "war"} {
			cache, source := mustOpen(t), Source{Location: path, SHA256: sum(bad), Kind: kind}
			if err := cache.Check(t.Context(), source); err != nil {
				t.Error(err)
			}
			mustFetch(t, cache, source, bad)
		}
	})
	t.Run("a good one", func(t *testing.T) {
		cache, source := mustOpen(t), Source{Location: fine, SHA256: sum(good), Kind: "archive"}
		if err := cache.Check(t.Context(), source); err != nil {
			t.Error(err)
		}
		mustFetch(t, cache, source, good)
	})
	t.Run("other bytes are reported as such", func(t *testing.T) {
		var mismatch *MismatchError
		if err := mustOpen(t).Check(t.Context(), Source{Location: path, SHA256: sum(good), Kind: "archive"}); !errors.As(err, &mismatch) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnArchiveIsJudgedOnce(t *testing.T) {
	bad := tarOf(t, tar.TypeSymlink)
	path := mustWrite(t, filepath.Join(t.TempDir(), "theme.tar"), bad)
	cache, source := mustOpen(t), Source{Location: path, SHA256: sum(bad), Kind: "archive"}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := cache.Check(t.Context(), source); err == nil {
				t.Error("it was accepted")
			}
		})
	}
	group.Wait()
	if len(cache.looks.judged) != 1 || len(cache.fetches) != 0 {
		t.Errorf("%d judged, %d turns left", len(cache.looks.judged), len(cache.fetches))
	}
	cache.looks.judged[looked{source.SHA256, source.StripComponents}] = nil
	if err := cache.Check(t.Context(), source); err != nil {
		t.Errorf("it was judged again: %v", err)
	}
}

func TestLookingStopsWithItsContextAndRemembersNothing(t *testing.T) {
	good := tarOf(t, tar.TypeReg)
	path := mustWrite(t, filepath.Join(t.TempDir(), "theme.tar"), good)
	cache, source := mustOpen(t), Source{Location: path, SHA256: sum(good), Kind: "archive"}
	if _, _, err := SumFile(path); err != nil {
		t.Fatal(err)
	}
	why := errors.New("the lease is gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if err := cache.look(ctx, source, path); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	if err := cache.Check(t.Context(), source); err != nil {
		t.Error(err)
	}
}

func TestADamagedCopyInTheCacheIsNotJudged(t *testing.T) {
	var buffer bytes.Buffer
	if writer := zip.NewWriter(&buffer); true {
		if _, err := writer.Create("a"); err != nil {
			t.Fatal(err)
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	good := buffer.String()
	path := mustWrite(t, filepath.Join(t.TempDir(), "theme.zip"), good)
	cache, source := mustOpen(t), Source{Location: path, SHA256: sum(good), Kind: "archive"}
	object := mustFetch(t, cache, Source{Location: path, SHA256: sum(good)}, good)
	if err := os.Chmod(object, 0o600); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, object, "damaged")
	if err := cache.Check(t.Context(), source); err != nil {
		t.Errorf("Check says %v, and Fetch brings it again", err)
	}
	mustFetch(t, cache, source, good)
}

//go:build !windows

package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestArgumentsReachTheProgramAsTheyAre(t *testing.T) {
	output, err := Run(t.Context(), Process{Argv: []string{"printf", "%s|", "$(id)", "a b", `"`, ";", "*", "-n"}})
	if err != nil || string(output.Stdout) != `$(id)|a b|"|;|*|-n|` {
		t.Errorf("got %q, %v", output.Stdout, err)
	}
}

func TestAProgramNeedNotReadItsInput(t *testing.T) {
	if _, err := Run(t.Context(), Process{Argv: []string{"true"}, Stdin: make([]byte, 10<<20)}); err != nil {
		t.Error(err)
	}
}

func TestAnEmptyCommandIsRefused(t *testing.T) {
	for _, argv := range [][]string{nil, {}, {""}} {
		if _, err := Run(t.Context(), Process{Argv: argv}); err == nil || !strings.Contains(err.Error(), "is empty") {
			t.Errorf("%q: got %v", argv, err)
		}
	}
}

// pidsIn waits until the script has written that many process numbers.
func pidsIn(t *testing.T, path string, count int) []int {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		text, _ := os.ReadFile(path)
		if fields := strings.Fields(string(text)); len(fields) >= count && bytes.HasSuffix(text, []byte("\n")) {
			var pids []int
			for _, field := range fields {
				pid, err := strconv.Atoi(field)
				if err != nil {
					t.Fatal(err)
				}
				pids = append(pids, pid)
			}
			return pids
		}
	}
	t.Fatal("the script did not begin")
	return nil
}

func TestTheWholeGroupIsGoneWhenRunReturns(t *testing.T) {
	cases := map[string]struct {
		lines  []string
		cancel bool
	}{
		"a process that ends at SIGTERM":                        {[]string{"sleep 60 & echo $$ $! > pids", "wait"}, true},
		"a process that ignores SIGTERM":                        {[]string{"trap '' TERM", "sleep 60 & echo $$ $! > pids", "wait; wait; sleep 60"}, true},
		"a child that ignores SIGTERM":                          {[]string{"(trap '' TERM; sleep 60) & echo $$ $! > pids", "wait"}, true},
		"a child left in the background":                        {[]string{"sleep 60 >/dev/null 2>&1 & echo $$ $! > pids"}, false},
		"a child left in the background with its output open":   {[]string{"sleep 60 & echo $$ $! > pids"}, false},
		"a failing process with a child left in the background": {[]string{"sleep 60 >/dev/null 2>&1 & echo $$ $! > pids", "exit 1"}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var pids []int
			seen := make(chan struct{})
			go func() {
				defer close(seen)
				pids = pidsIn(t, filepath.Join(dir, "pids"), 2)
				if c.cancel {
					cancel()
				}
			}()
			began := time.Now()
			_, err := Run(ctx, Process{Argv: script(t, c.lines...), Dir: dir, Grace: 200 * time.Millisecond})
			<-seen
			if c.cancel && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			for _, pid := range pids {
				if alive(pid) {
					t.Errorf("process %d goes on", pid)
				}
			}
		})
	}
}

func TestADaemonThatLeftTheGroupDoesNotHoldUsUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	began := time.Now()
	output, err := Run(t.Context(), Process{Argv: script(t, "setsid sh -c 'echo $$ > pids; exec sleep 20' &", "echo done"), Dir: dir})
	for _, pid := range pidsIn(t, filepath.Join(dir, "pids"), 1) {
		if process, err := os.FindProcess(pid); err == nil {
			_ = process.Kill()
		}
	}
	if err != nil || string(output.Stdout) != "done\n" || time.Since(began) > 10*time.Second {
		t.Errorf("got %q, %v after %s", output.Stdout, err, time.Since(began))
	}
}

func TestATimeoutSaysSo(t *testing.T) {
	t.Parallel()
	output, err := Run(t.Context(), Process{Argv: script(t, "echo begun", "exec sleep 60"), Timeout: 100 * time.Millisecond})
	var failure *Error
	if !errors.Is(err, errTimeout) || !errors.As(err, &failure) || failure.Tail != "begun" || output.ExitCode != -1 {
		t.Errorf("got %v", err)
	}
}

func TestAContextThatIsDoneStartsNothing(t *testing.T) {
	why := errors.New("the lease is gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	dir := t.TempDir()
	if _, err := Run(ctx, Process{Argv: []string{"touch", "begun"}, Dir: dir}); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	if exists(filepath.Join(dir, "begun")) {
		t.Error("it was started")
	}
}

func TestOfALongOutputBeginningAndEndAreKept(t *testing.T) {
	output, err := Run(t.Context(), Process{Argv: script(t, "echo first", "head -c 5000000 /dev/zero | tr '\\0' x", "echo; echo last")})
	if err != nil {
		t.Fatal(err)
	}
	text := string(output.Stdout)
	if len(text) > keptBytes+100 || !strings.HasPrefix(text, "first\n") || !strings.HasSuffix(text, "\nlast\n") || !strings.Contains(text, "bytes left out") || !output.Truncated {
		t.Errorf("%d bytes, %.20q … %q", len(text), text, text[len(text)-20:])
	}
}

func TestSecretsAreMaskedHoweverTheyArriveAtTheWriter(t *testing.T) {
	cases := map[string]struct {
		secrets []string
		writes  []string
		want    string
	}{
		"in one write":             {[]string{"SECRET"}, []string{"a SECRET b"}, "a *** b"},
		"over two":                 {[]string{"SECRET"}, []string{"a SEC", "RET b"}, "a *** b"},
		"over many":                {[]string{"SECRET"}, []string{"S", "E", "C", "R", "E", "T"}, "***"},
		"a beginning that is none": {[]string{"SECRET"}, []string{"SEC", "OND"}, "SECOND"},
		"a beginning at the end":   {[]string{"SECRET"}, []string{"a SEC"}, "a SEC"},
		"one within a longer one":  {[]string{"abc", "abcdef"}, []string{"abc", "def abc"}, "*** ***"},
		"a beginning twice":        {[]string{"aab"}, []string{"aa", "ab"}, "a***"},
		"no secret at all":         {[]string{"", " "}, []string{"a b"}, "a b"},
		"one with white space":     {[]string{" SECRET\n"}, []string{"SECRET"}, "***"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			w := newMasks(c.secrets).writer(&got)
			for _, text := range c.writes {
				_, _ = w.Write([]byte(text))
			}
			w.flush()
			if got.String() != c.want {
				t.Errorf("got %q, want %q", got.String(), c.want)
			}
		})
	}
}

func TestNoSecretSurvivesAnySplitOfTheOutput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secrets := rapid.SliceOfN(rapid.StringMatching(`[ab]{2,5}`), 1, 3).Draw(t, "secrets")
		writes := rapid.SliceOf(rapid.StringMatching(`[abc]{0,6}`)).Draw(t, "writes")
		var split, whole bytes.Buffer
		w := newMasks(secrets).writer(&split)
		for _, text := range writes {
			_, _ = w.Write([]byte(text))
		}
		w.flush()
		w = newMasks(secrets).writer(&whole)
		_, _ = w.Write([]byte(strings.Join(writes, "")))
		w.flush()
		if split.String() != whole.String() {
			t.Fatalf("split %q, whole %q", split.String(), whole.String())
		}
		for _, secret := range secrets {
			if strings.Contains(split.String(), secret) {
				t.Fatalf("%q is in %q", secret, split.String())
			}
		}
	})
}

func TestCleanTakesAwayWhatTerminalsObey(t *testing.T) {
	m := newMasks([]string{"SECRET"})
	cases := map[string]string{
		"plain\ttext\n":              "plain\ttext\n",
		"\x1b[1;31mred\x1b[0m":       "red",
		"\x1b]0;title\x07text":       "text",
		"\x1b]8;;http://x\x1b\\link": "link",
		"a\rb\bc\x00d":               "abcd",
		"a\u202eb\u200bc":            "abc",
		"SEC\x1b[0mRET":              "***",
		"bad \xff utf-8":             "bad \ufffd utf-8",
	}
	for text, want := range cases {
		if got := m.clean(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		if _, err := Run(b.Context(), Process{Argv: []string{"true"}, Stdin: []byte(fmt.Sprint(b.N))}); err != nil {
			b.Fatal(err)
		}
	}
}

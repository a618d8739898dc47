//go:build !windows

package command

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// program is a small deployment tool that keeps components in a directory: what
// the tests deploy with. Files in its directory make it behave in ways that
// real tools do: slow, lying, broken.
type program struct{ dir string }

type programState struct {
	Key     string
	Epoch   int64
	Content portal.Content
}

const (
	exitBroken = 3
	exitWrong  = 4
)

func runProgram(operation, dir string) int {
	p := program{dir}
	var request Request
	if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil || request.Operation != operation || os.Getenv("PORTAL_OPERATION") != operation {
		fmt.Fprintln(os.Stderr, "not asked for", operation, err)
		return exitWrong
	}
	if p.is("broken") {
		fmt.Fprintln(os.Stderr, "there is no way to the server")
		return exitBroken
	}
	if operation == "observe" {
		return p.observe()
	}
	return p.deploy(request)
}

func (p program) path(name string) string { return filepath.Join(p.dir, name) }

func (p program) is(name string) bool { _, err := os.Stat(p.path(name)); return err == nil }

func (p program) read() (state programState) {
	if text, err := os.ReadFile(p.path("state.json")); err == nil {
		_ = json.Unmarshal(text, &state)
	}
	return state
}

func (p program) deploy(request Request) int {
	lock, err := os.OpenFile(p.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil || syscall.Flock(int(lock.Fd()), syscall.LOCK_EX) != nil {
		return exitWrong
	}
	defer lock.Close()
	if err := os.WriteFile(p.path("at-work"), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return exitWrong
	}
	defer func() { _ = os.Remove(p.path("at-work")) }()
	if last := p.read(); request.Epoch < last.Epoch || (request.Epoch == last.Epoch && request.Key != last.Key) {
		return StaleExitCode
	}
	if p.is("slow") {
		time.Sleep(time.Hour)
	}
	if p.is("lie") {
		return 0
	}
	if err := p.install(request); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitWrong
	}
	return 0
}

func (p program) install(request Request) error {
	next := programState{Key: request.Key, Epoch: request.Epoch, Content: *request.To}
	for name, item := range next.Content {
		found, err := copyFile((*request.Files)[name], p.path("component-"+name))
		if err != nil {
			return err
		}
		if found != item.SHA256 {
			return fmt.Errorf("%s has sha256 %s", name, found)
		}
		time.Sleep(time.Millisecond)
	}
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(p.path("state.next"), text, 0o600), os.Rename(p.path("state.next"), p.path("state.json"))); err != nil {
		return err
	}
	installed, err := filepath.Glob(p.path("component-*"))
	for _, path := range installed {
		if _, stays := next.Content[strings.TrimPrefix(filepath.Base(path), "component-")]; !stays {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

func copyFile(from, to string) (digest string, err error) {
	source, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer source.Close()
	file, err := os.Create(to)
	if err != nil {
		return "", err
	}
	if _, err = io.Copy(file, source); err != nil {
		return "", err
	}
	if err := file.Close(); err != nil {
		return "", err
	}
	return sumFile(to)
}

func sumFile(path string) (digest string, err error) {
	text, err := os.ReadFile(path)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

func (p program) observe() int {
	state := p.read()
	answer := Answer{Version: Version, Epoch: state.Epoch, Components: map[string]AnswerItem{}}
	for name, item := range state.Content {
		if found, err := sumFile(p.path("component-" + name)); err == nil {
			answer.Components[name] = AnswerItem{Version: item.Version, SHA256: found}
		}
	}
	if json.NewEncoder(os.Stdout).Encode(answer) != nil {
		return exitWrong
	}
	return 0
}

// working is the process that is deploying, 0 where none is.
func (p program) working() int {
	text, err := os.ReadFile(p.path("at-work"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil || !alive(pid) {
		return 0
	}
	return pid
}

// alive does not count a process that nobody has waited for yet.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) || !exists("/proc/self")
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(after, "Z") && !strings.HasPrefix(after, "X")
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

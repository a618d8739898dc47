package ledgertest

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec" //nolint:depguard // the suite starts the test binary again, as other processes
	"sync"
	"testing"
	"time"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// addressVariable has the address of the store in a process of the suite.
const addressVariable = "PORTAL_LEDGERTEST_STORE"

// Main runs the tests, or, in a process that the suite has started, serves the
// ledger to it.
func Main(m *testing.M, open Open) {
	address := os.Getenv(addressVariable)
	if address == "" {
		os.Exit(m.Run())
	}
	if err := serve(open, address, os.Stdin, os.Stdout); err != nil { //nolint:forbidigo // the tests read it there
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// processLease is how long leases last in other processes: short, so that
// deployments are taken over all the time.
const processLease = 25 * time.Millisecond

// call is what a process of the suite is asked.
type call struct {
	ID       int
	Op       op
	Pipeline string
	By       portal.Actor

	Command     portal.Command // record
	Environment string         // renew
	Epoch       int64          // renew
	Releases    []string       // describe
}

type op string

const (
	opID       op = "id"
	opRecord   op = "record"
	opRenew    op = "renew"
	opDescribe op = "describe"
	opSites    op = "sites"
	opVerify   op = "verify"
)

// site is what a view shows of an environment.
type site struct {
	Epoch int64
	Open  bool
}

// answer is what a process of the suite answers.
type answer struct {
	ID    int
	Text  string // id, describe
	Metas []portal.Meta
	Epoch int64 // record: of what was started or taken over
	Sites map[string]site
	Err   string
	Sort  sort
}

// sort is the sort of an error.
type sort string

const (
	fine       sort = ""
	refused    sort = "refused" // by the domain: it was not recorded, for certain
	superseded sort = "superseded"
	lost       sort = "lost" // the lease
	failed     sort = "failed"
	doubtful   sort = "doubtful" // it may have been recorded
)

func sortOf(err error) sort {
	switch {
	case err == nil:
		return fine
	case errors.Is(err, portal.ErrSuperseded):
		return superseded
	case errors.Is(err, ledger.ErrLeaseLost):
		return lost
	case errors.Is(err, ledger.ErrUnknownCommit):
		return doubtful
	case expected(err):
		return refused
	}
	return failed
}

func init() {
	for _, c := range []portal.Command{
		portal.DeclarePipeline{},
		portal.DeclareEnvironment{},
		portal.RegisterRelease{},
		portal.StartDeployment{},
		portal.EndDeployment{},
		portal.TakeOver{},
		portal.RecordTest{},
		portal.DeclareFreeze{},
	} {
		gob.Register(c)
	}
}

// serve answers calls, several at once, until the input ends.
func serve(open Open, address string, in io.Reader, out io.Writer) error {
	engine, err := open(context.Background(), address)
	if err != nil {
		return err
	}
	defer func() { _ = engine.Close() }()
	l := ledger.New(engine, ledger.WithLease(processLease))
	var writing sync.Mutex
	encoder, decoder := gob.NewEncoder(out), gob.NewDecoder(in)
	for {
		var c call
		if err := decoder.Decode(&c); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		go func() {
			a, err := carryOut(l, c)
			a.ID, a.Sort = c.ID, sortOf(err)
			if err != nil {
				a.Err = err.Error()
			}
			writing.Lock()
			defer writing.Unlock()
			_ = encoder.Encode(a) // the one who asked may be gone
		}()
	}
}

func carryOut(l *ledger.Ledger, c call) (a answer, err error) {
	ctx := context.Background()
	switch c.Op {
	case opID:
		a.Text = l.ID()
	case opRecord:
		w := &watched{Command: c.Command}
		a.Metas, err = l.Record(ctx, c.Pipeline, c.By, w)
		a.Epoch = w.epoch
	case opRenew:
		err = l.Renew(ctx, c.Pipeline, c.Environment, c.Epoch)
	case opDescribe:
		a.Text, err = describe(ctx, l, c.Pipeline, c.Releases)
	case opVerify:
		err = l.Verify(ctx, c.Pipeline)
	case opSites:
		err = l.View(ctx, c.Pipeline, c.By, portal.Subjects{}, func(f portal.Facts) error {
			a.Sites = map[string]site{}
			for name, s := range f.Sites {
				a.Sites[name] = site{s.Epoch, s.Attempt.Open()}
			}
			return nil
		})
	}
	return a, err
}

// watched notes the epoch that a command gives.
type watched struct {
	portal.Command
	epoch int64
}

func (w *watched) Decide(f portal.Facts) ([]portal.Event, error) {
	events, err := w.Command.Decide(f)
	w.epoch = 0
	for _, event := range events {
		switch e := event.(type) {
		case portal.DeploymentStarted:
			w.epoch = e.Epoch
		case portal.DeploymentRecovering:
			w.epoch = e.Epoch
		}
	}
	return events, err
}

// process is another process that has the ledger open.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	in   io.WriteCloser
	done chan struct{} // closed once it has ended

	mu      sync.Mutex
	encoder *gob.Encoder
	last    int
	waiting map[int]chan answer
}

// startProcess starts a process that opens the store. It does not wait until
// that is done.
func startProcess(t testing.TB, address string) *process {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(os.Environ(), addressVariable+"="+address)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: cmd, in: in, done: make(chan struct{}), encoder: gob.NewEncoder(in), waiting: map[int]chan answer{}}
	go p.receive(out)
	t.Cleanup(p.stop)
	return p
}

func (p *process) receive(out io.Reader) {
	decoder := gob.NewDecoder(out)
	for {
		var a answer
		if err := decoder.Decode(&a); err != nil {
			break
		}
		p.mu.Lock()
		asked := p.waiting[a.ID]
		delete(p.waiting, a.ID)
		p.mu.Unlock()
		asked <- a
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.done)
	for _, asked := range p.waiting {
		asked <- gone
	}
	p.waiting = nil
}

// The answers of a process that has ended while it was asked, and before.
var (
	gone     = answer{Sort: doubtful, Err: "the process has ended"}
	notAsked = answer{Sort: failed, Err: "the process has ended, and was not asked"}
)

// ask asks the process and waits for its answer.
func (p *process) ask(c call) answer {
	asked := make(chan answer, 1)
	p.mu.Lock()
	if p.waiting == nil {
		p.mu.Unlock()
		return notAsked
	}
	p.last++
	c.ID = p.last
	p.waiting[c.ID] = asked
	err := p.encoder.Encode(c)
	p.mu.Unlock()
	if err != nil {
		select {
		case <-p.done:
		case <-time.After(10 * time.Second):
			p.t.Errorf("asking: %v", err)
			return gone
		}
	}
	return <-asked
}

// record asks for a command to be recorded on pipeline "shop".
func (p *process) record(c portal.Command) answer {
	return p.ask(call{Op: opRecord, Pipeline: "shop", By: bob, Command: c})
}

// kill ends the process as the kernel does it: at once.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
	_ = p.cmd.Wait()
}

// stop lets the process end.
func (p *process) stop() {
	_ = p.in.Close()
	<-p.done
	_ = p.cmd.Wait()
}

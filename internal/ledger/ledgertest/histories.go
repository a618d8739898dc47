package ledgertest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// tried is an operation on one environment.
type tried struct {
	what        string // "start", "take over", "end", "renew", "look"
	environment string
	epoch       int64 // of "end" and "renew"
}

// came is what came of it.
type came struct {
	sort  sort
	epoch int64 // of what was started or taken over, or was seen
	open  bool  // "look": a deployment is in progress
	none  bool  // "take over": there was nothing to take over
}

// holder is the model: one holder at a time, whose epochs only grow.
var holder = porcupine.NondeterministicModel{
	Init: func() []any { return []any{site{}} },
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := map[string][]porcupine.Operation{}
		for _, o := range history {
			environment := o.Input.(tried).environment //nolint:errcheck,forcetypeassert // it is one
			by[environment] = append(by[environment], o)
		}
		var parts [][]porcupine.Operation
		for _, part := range by {
			parts = append(parts, part)
		}
		return parts
	},
	Step: func(now, input, output any) []any {
		var next []any
		for _, s := range step(now.(site), input.(tried), output.(came)) { //nolint:errcheck,forcetypeassert // they are
			next = append(next, s)
		}
		return next
	},
}

// step returns the states in which the environment may be after an operation
// came out like that, none if it cannot have.
func step(now site, do tried, out came) []site {
	switch out.sort {
	case doubtful:
		next := []site{now} // it may have come to nothing
		for _, out := range []came{{sort: fine, epoch: now.Epoch + 1}, {sort: fine, epoch: do.epoch}} {
			if do.what != "look" {
				next = append(next, step(now, do, out)...)
			}
		}
		return next
	case refused, superseded, lost:
		may := map[string]bool{
			"start":     now.Open, // held, or abandoned
			"take over": now.Open, // held
			"end":       !now.Open || now.Epoch != do.epoch,
			"renew":     !now.Open || now.Epoch != do.epoch,
		}
		if may[do.what] {
			return []site{now}
		}
		return nil
	case failed:
		return []site{now}
	}
	var fits bool
	next := now
	switch do.what {
	case "start":
		fits, next = !now.Open && out.epoch == now.Epoch+1, site{now.Epoch + 1, true}
	case "take over":
		if out.none {
			fits = !now.Open
		} else {
			fits, next = now.Open && out.epoch == now.Epoch+1, site{now.Epoch + 1, true}
		}
	case "end":
		fits, next = now.Open && now.Epoch == do.epoch, site{now.Epoch, false}
	case "renew":
		fits = now.Open && now.Epoch == do.epoch
	case "look":
		fits = out.epoch == now.Epoch && out.open == now.Open
	}
	if !fits {
		return nil
	}
	return []site{next}
}

// testHistories lets processes do everything at once and checks that what they
// were told fits one order of events.
func testHistories(t *testing.T, stores Stores) {
	const processes, workers, operations = 3, 3, 120
	address := stores.New(t)
	s := openShop(t, stores.engine(t, address))
	environments := []string{"dev", "dev-2", "dev-3"}
	for _, name := range environments[1:] {
		s.must(declareEnvironment(name, "dev"))
	}
	s.must(register("1.0.0"))
	h := &history{began: time.Now(), declared: map[string]int64{}}
	s.facts(portal.Subjects{}, func(f portal.Facts) {
		for name := range f.Sites {
			h.declared[name] = epochOf(f, name)
		}
	})
	var all sync.WaitGroup
	for i := range processes {
		p := startProcess(t, address)
		for j := range workers {
			w := worker{p, h, i*workers + j, rand.New(rand.NewPCG(uint64(i), uint64(j)))} //nolint:gosec // repeatable
			all.Go(func() {
				for n := range operations {
					w.operate(environments[w.random.IntN(len(environments))], n)
				}
			})
		}
		if i == 0 { // one is killed on the way, and what it was doing is in doubt
			all.Go(func() {
				time.Sleep(300 * time.Millisecond)
				p.kill()
			})
		}
	}
	all.Wait()
	result := porcupine.CheckOperationsTimeout(holder.ToModel(), h.operations, 10*time.Second)
	if result != porcupine.Ok {
		t.Errorf("the history of %d operations is %s", len(h.operations), result)
	}
	count := map[string]int{}
	for _, o := range h.operations {
		count[fmt.Sprint(o.Input.(tried).what, " ", o.Output.(came).sort)]++ //nolint:errcheck,forcetypeassert // they are
	}
	t.Log(count)
	for _, something := range []string{"start ", "end ", "take over ", "renew ", "look "} {
		if count[something] == 0 {
			t.Errorf("%swas never done: the test shows nothing about it", something)
		}
	}
	s.verify()
	s.sameAsFold("1.0.0")
}

// history collects operations with the times between which they happened.
type history struct {
	began      time.Time
	declared   map[string]int64 // the epochs with which environments begin
	mu         sync.Mutex
	operations []porcupine.Operation
}

func (h *history) now() int64 { return int64(time.Since(h.began)) }

// do carries an operation out and notes it.
func (h *history) do(worker int, input tried, call func() came) came {
	from := h.now()
	output := call()
	to := h.now()
	if output.sort == doubtful {
		to = int64(time.Hour) // it may still come
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if output.sort == doubtful && input.what == "look" {
		return output // it says nothing
	}
	input.epoch -= h.declared[input.environment]
	noted := output
	noted.epoch -= h.declared[input.environment]
	if output.sort == doubtful {
		worker = 1000 + len(h.operations) // its worker goes on
	}
	h.operations = append(h.operations, porcupine.Operation{ClientId: worker, Input: input, Call: from, Output: noted, Return: to})
	return output
}

type worker struct {
	*process
	history *history
	id      int
	random  *rand.Rand
}

// operate does one thing at an environment: mostly a deployment from start to
// end, sometimes something beside it.
func (w worker) operate(environment string, n int) {
	do := func(what string, epoch int64, call func() came) came {
		return w.history.do(w.id, tried{what, environment, epoch}, call)
	}
	switch w.random.IntN(6) {
	case 0:
		do("look", 0, func() came {
			a := w.ask(call{Op: opSites, Pipeline: "shop", By: bob})
			return came{sort: a.Sort, epoch: a.Sites[environment].Epoch, open: a.Sites[environment].Open}
		})
	case 1:
		w.record(register(fmt.Sprintf("2.%d.%d", w.id, n)))
		w.record(test(environment, "1.0.0", fmt.Sprint(w.id, n)))
	case 2:
		if n%10 == 0 { // it reads everything
			if a := w.ask(call{Op: opVerify, Pipeline: "shop"}); a.Sort == failed && a.Err != notAsked.Err {
				w.t.Error(a.Err)
			}
		}
	case 3:
		out := do("take over", 0, func() came { return began(w.record(portal.TakeOver{Environment: environment})) })
		w.carryOn(environment, out, do)
	default:
		out := do("start", 0, func() came { return began(w.record(start(environment, "1.0.0"))) })
		w.carryOn(environment, out, do)
	}
}

// carryOn renews and ends a deployment, at times too late, at times never.
func (w worker) carryOn(environment string, begun came, do func(string, int64, func() came) came) {
	if begun.sort != fine || begun.none || w.random.IntN(6) == 0 {
		return
	}
	if w.random.IntN(3) == 0 {
		time.Sleep(processLease)
	}
	do("renew", begun.epoch, func() came {
		return came{sort: w.ask(call{Op: opRenew, Pipeline: "shop", Environment: environment, Epoch: begun.epoch}).Sort}
	})
	do("end", begun.epoch, func() came { return came{sort: w.record(end(environment, begun.epoch)).Sort} })
}

// began is what came of starting or taking over.
func began(a answer) came {
	return came{sort: a.Sort, epoch: a.Epoch, none: len(a.Metas) == 0}
}

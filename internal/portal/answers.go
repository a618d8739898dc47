package portal

import (
	"strings"
	"sync"
)

// answers are what the stages of a pipeline say about one release, each asked once. They hold at
// any time as long as the state does not change, so everyone who asks the state shares them.
type answers struct {
	mutex      sync.Mutex
	at, before []answer // of each stage, and of all the stages before it
}

// answer is the rules that are left open.
type answer struct {
	known bool
	open  ruleSet
	due   int64 // until then soak-time is open as well, in microseconds since 1970
}

func (a *answer) add(other answer) {
	a.open |= other.open
	a.due = max(a.due, other.due)
}

func newAnswers(stages int) *answers {
	room := make([]answer, 2*stages)
	return &answers{at: room[:stages:stages], before: room[stages:]}
}

// mostRemembered is how many answers are kept at a time, of 32 bytes for each stage.
const mostRemembered = 64

// answersKey is all that answers depend on besides the state.
type answersKey struct {
	release, digest, fixes string
	exact                  exactness
	deployer               string // whose approval does not count
}

// rememberedAnswers are the answers that others who ask the same share. There are none
// to share if the answer of a stage depends on time in other ways than by its soak time.
func (h *history) rememberedAnswers() *answers {
	if h.clockWrong || h.g.timed {
		return newAnswers(len(h.g.before))
	}
	key := answersKey{h.release, h.accepts.digest, strings.Join(h.accepts.fixes, " "), h.accepts.exact, h.f.By.Name}
	r := h.f.remembered
	r.mutex.Lock()
	defer r.mutex.Unlock()
	kept := r.answers[key]
	if kept == nil {
		if r.answers == nil || len(r.answers) >= mostRemembered {
			r.answers = map[answersKey]*answers{}
		}
		kept = newAnswers(len(h.g.before))
		r.answers[key] = kept
	}
	return kept
}

package ledgertest

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

func TestTheModelOfHistories(t *testing.T) {
	at := func(from, to int64, do tried, out came) porcupine.Operation {
		do.environment = "dev"
		return porcupine.Operation{ClientId: int(from), Call: from, Return: to, Input: do, Output: out}
	}
	started := at(0, 1, tried{what: "start"}, came{epoch: 1})
	for _, c := range []struct {
		name    string
		history []porcupine.Operation
		want    bool
	}{
		{"accepts a deployment from start to end", []porcupine.Operation{
			started,
			at(2, 3, tried{what: "renew", epoch: 1}, came{}),
			at(4, 5, tried{what: "end", epoch: 1}, came{}),
			at(6, 7, tried{what: "start"}, came{epoch: 2}),
		}, true},
		{"accepts a take-over, after which the first is late", []porcupine.Operation{
			started,
			at(2, 3, tried{what: "take over"}, came{epoch: 2}),
			at(4, 5, tried{what: "renew", epoch: 1}, came{sort: lost}),
			at(6, 7, tried{what: "end", epoch: 1}, came{sort: superseded}),
		}, true},
		{"accepts a doubtful start that shows later", []porcupine.Operation{
			at(0, 100, tried{what: "start"}, came{sort: doubtful}),
			at(2, 3, tried{what: "look"}, came{}),
			at(4, 5, tried{what: "look"}, came{epoch: 1, open: true}),
		}, true},
		{"refuses two holders", []porcupine.Operation{started, at(2, 3, tried{what: "start"}, came{epoch: 2})}, false},
		{"refuses an epoch given twice", []porcupine.Operation{started, at(2, 3, tried{what: "take over"}, came{epoch: 1})}, false},
		{"refuses the end by one who was taken over", []porcupine.Operation{
			started,
			at(2, 3, tried{what: "take over"}, came{epoch: 2}),
			at(4, 5, tried{what: "end", epoch: 1}, came{}),
		}, false},
		{"refuses a lease renewed after it was taken over", []porcupine.Operation{
			started,
			at(2, 3, tried{what: "take over"}, came{epoch: 2}),
			at(4, 5, tried{what: "renew", epoch: 1}, came{}),
		}, false},
		{"refuses a look at what was before", []porcupine.Operation{started, at(2, 3, tried{what: "look"}, came{})}, false},
		{"refuses a refusal without a reason", []porcupine.Operation{at(0, 1, tried{what: "start"}, came{sort: refused})}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := porcupine.CheckOperations(holder.ToModel(), c.history); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

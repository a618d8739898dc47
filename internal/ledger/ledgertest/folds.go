package ledgertest

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

var versions = []string{"1.0.0", "1.1.0", "1.2.0", "2.0.0"}

// testFolds records random commands, some through another ledger, and checks
// that everything that is stored follows from the entries.
func testFolds(t *testing.T, stores Stores) {
	engine := stores.engine(t, stores.New(t))
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		clock := withClock(engine)
		name := "shop-" + portal.HashEntry([]byte{byte(n), byte(n >> 8)})[:8]
		s := &shop{ledger.New(clock, ledger.WithLease(leaseLength)), t, name}
		other := s.beside(clock, ledger.WithLease(leaseLength))
		s.must(declarePipeline(name))
		for range rapid.IntRange(1, 40).Draw(r, "commands") {
			clock.advance(time.Duration(rapid.IntRange(-2, 8).Draw(r, "seconds")) * time.Second)
			by := rapid.SampledFrom([]*shop{s, other}).Draw(r, "by")
			c := anyCommand(by, name).Draw(r, "command")
			if _, err := by.record(c); err != nil && !expected(err) {
				r.Fatalf("%#v: %v", c, err)
			}
		}
		if err := s.Verify(t.Context(), name); err != nil {
			r.Fatal(err)
		}
		for _, l := range []*shop{s, other, s.beside(clock)} {
			l.sameAsFold(versions...)
		}
		if t.Failed() {
			r.Fatal("see above")
		}
	})
}

// testEmptied checks that what checks say of an environment that was emptied counts
// for nothing, also if an older build has recorded it.
func testEmptied(t *testing.T, stores Stores) {
	for name, recorded := range map[string]portal.Command{
		"now": portal.EndDeployment{
			Environment: "dev", Epoch: firstOnDev + 1, Outcome: portal.Succeeded, Checks: []portal.CheckResult{{Name: "ping", Passed: true}},
		},
		"before": command(func(portal.Facts) ([]portal.Event, error) {
			return []portal.Event{
				portal.TestRecorded{Environment: "dev", Suite: "ping", Passed: true, Check: true},
				portal.DeploymentEnded{Environment: "dev", Epoch: firstOnDev + 1, Outcome: portal.Succeeded},
			}, nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t, stores.engine(t, stores.New(t)))
			s.must(register("1.0.0"))
			s.must(start("dev", "1.0.0"))
			s.must(end("dev", firstOnDev))
			s.must(portal.StartRemoval{Environment: "dev"})
			s.must(recorded)
			s.verify()
			s.sameAsFold("1.0.0", "")
		})
	}
}

// expected reports whether a random command may be answered so.
func expected(err error) bool {
	var rejection *portal.RejectionError
	var refusal *portal.RefusalError
	var abandoned *portal.AbandonedError
	return errors.As(err, &rejection) || errors.As(err, &refusal) || errors.As(err, &abandoned) || errors.Is(err, portal.ErrSuperseded)
}

// anyCommand draws a command, more often one that fits than not.
func anyCommand(s *shop, name string) *rapid.Generator[portal.Command] {
	return rapid.Custom(func(r *rapid.T) portal.Command {
		environment := rapid.SampledFrom(environmentNames).Draw(r, "environment")
		version := rapid.SampledFrom(versions).Draw(r, "version")
		var epoch int64
		s.facts(portal.Subjects{}, func(f portal.Facts) {
			epoch = epochOf(f, environment)
			if site := f.Sites[environment]; site != nil && site.Running != nil && rapid.Bool().Draw(r, "what runs") {
				version = site.Running.Release
			}
		})
		stage := environment[:3]
		if stage == "pro" {
			stage = "prod"
		}
		switch rapid.SampledFrom([]string{
			"declare", "register", "start", "start", "start", "end", "end", "end", "take over", "test",
			"approve", "freeze", "unfreeze", "refusal", "remove", "clear", "pipeline",
		}).Draw(r, "kind") {
		case "declare":
			return at(rapid.SampledFrom([]string{"", "/srv/" + name, "/srv/" + name + "/" + environment}).Draw(r, "address"), declareEnvironment(environment, stage))
		case "register":
			if base := rapid.SampledFrom(append(versions, "")).Draw(r, "base"); base != "" {
				return registerOn(base, version)
			}
			return register(version)
		case "start":
			deployment := start(environment, version)
			deployment.Redeploy = rapid.SampledFrom([]string{"", "again"}).Draw(r, "redeploy")
			return deployment
		case "end":
			ending := end(environment, epoch-rapid.SampledFrom([]int64{0, 0, 0, 1}).Draw(r, "late by"))
			ending.Outcome = rapid.SampledFrom([]portal.Outcome{portal.Succeeded, portal.Succeeded, portal.Failed, portal.Unknown}).Draw(r, "outcome")
			ending.Untouched = ending.Outcome == portal.Failed && rapid.Bool().Draw(r, "untouched")
			ending.Checks = []portal.CheckResult{{Name: "ping", Passed: ending.Outcome == portal.Succeeded}}
			return ending
		case "take over":
			return portal.TakeOver{Environment: environment}
		case "test":
			return test(environment, version, rapid.SampledFrom([]string{"a", "b"}).Draw(r, "run"))
		case "approve":
			return portal.RecordApproval{Release: version, Stage: stage, Approver: rapid.SampledFrom([]string{"carl", "dora"}).Draw(r, "approver")}
		case "freeze":
			return freeze(rapid.IntRange(1, 2).Draw(r, "freeze"))
		case "unfreeze":
			return portal.RemoveFreeze{Name: "f1"}
		case "refusal":
			return portal.RecordRefusal{Environment: environment, Release: version, Refusal: &portal.RefusalError{}}
		case "remove":
			return portal.RemoveEnvironment{Name: environment}
		case "clear":
			return portal.StartRemoval{Environment: environment}
		}
		return declarePipeline(name)
	})
}

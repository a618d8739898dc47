package portal

import (
	"fmt"
	"strings"
)

var digestRule = ruleSpec{
	RuleDoc: RuleDoc{
		ID:          DigestMatch,
		Refuses:     "bytes that are not what was registered, or cannot be read",
		Deployments: "refused", Fixes: "refused",
	},
	Applies: never, // the ledger knows no bytes: the process that reads them refuses
}

func never(*question) bool { return false }

// RefuseDigest is the refusal of a deployment whose bytes are not what was
// registered, or cannot be read.
func RefuseDigest(environment, release string, problems []string) *RefusalError {
	return refuse(Verdict{
		subject:     fmt.Sprintf("release %s may not enter %q", release, environment),
		Environment: environment, Release: release,
	}, Gate{Rule: DigestMatch, Detail: "Its bytes are not what was registered, or cannot be read:\n    " + strings.Join(problems, "\n    ")})
}

// RefuseFixDigest is RefuseDigest for the bytes of an emergency fix and of what it must restore.
func RefuseFixDigest(fix string, problems []string) *RefusalError {
	return refuse(Verdict{subject: fmt.Sprintf("emergency fix %s may not go ahead", fix)}, Gate{
		Rule:   DigestMatch,
		Detail: "Bytes that its steps need are not what was registered, cannot be read, or cannot be unpacked:\n    " + strings.Join(problems, "\n    "),
		Cure:   "Make them available where they were registered, register new sources with portal_release, or correct the archive. Nothing was started.",
	})
}

// refuseOtherDeclaration refuses a declaration that differs from the one that is
// registered under its version.
func refuseOtherDeclaration(version string, differences []string) *RefusalError {
	return refuse(Verdict{subject: fmt.Sprintf("release %s is registered with another declaration", version), Release: version}, Gate{
		Rule:   DigestMatch,
		Detail: "A registered release never changes, so that its evidence stays valid. What differs:\n    " + strings.Join(differences, "\n    "),
		Cure:   "Register a new version, or restore the declaration.",
	})
}

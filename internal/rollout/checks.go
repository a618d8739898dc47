package rollout

import "github.com/releaseportal/terraform-provider-portal/internal/portal"

// Check is one check to run, and what it is run for.
type Check struct {
	portal.Check
	Pipeline    string
	Environment string
	Release     string // the effective version
}

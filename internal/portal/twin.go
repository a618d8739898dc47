package portal

import "slices"

// provenBeside returns another environment of the final stage that proves exactly what is to be
// deployed, because it is in service there: a second production may get what production runs, fixes
// included, even if the stages before have moved on or only tested something like it. A failing
// newest result, there or on a stage before, speaks against that. It returns nil if there is none.
func (q *question) provenBeside() *Site {
	twin := q.twin()
	if twin == nil || slices.ContainsFunc(q.reports(), func(r stageReport) bool { return r.against() }) {
		return nil
	}
	return twin
}

// twin returns another regular environment of the final stage that runs exactly what is to be
// deployed, and well; nil if there is none.
func (q *question) twin() *Site {
	if q.stage != q.final {
		return nil
	}
	for _, site := range q.g.sites[q.at] {
		if site != q.site && site.Runs(q.release) && site.Running.Content.Equal(q.to) && q.f.well(site) {
			return site
		}
	}
	return nil
}

// well reports whether what an environment runs counts as proven: nobody works on it, no result of
// it fails, and no fix that it carries has remaining steps.
func (f Facts) well(site *Site) bool {
	if f.occupied(site) || site.Attempt.Open() {
		return false
	}
	for _, name := range site.Running.Fixes {
		if x := f.Fixes[name]; x == nil || x.Active() {
			return false
		}
	}
	evidence := f.Evidence(site.Running.Release, site.Name)
	if evidence == nil {
		return false
	}
	for _, test := range evidence.Tests {
		if test.Digest == site.Running.Digest && test.Place == site.Place() && !test.Passed {
			return false
		}
	}
	return true
}

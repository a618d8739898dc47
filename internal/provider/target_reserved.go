package provider

import (
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/engines"
	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target/directory"
)

// reserved says why nothing may be deployed to an address: the ledger would lie in
// it, or the artifact cache would lie in it or around it. "" is that it may.
func (s *session) reserved(address string) string {
	ledger, err := engines.Parse(s.url)
	if err != nil || s.unknown || address == "" {
		return "" // the one who opens the ledger says so
	}
	at := func(path string) string {
		if path == "" {
			return "" // it is not on this host
		}
		found, err := directory.Config{Path: path}.Address()
		if err != nil {
			return ""
		}
		return found
	}
	file, cache := at(ledger.LocalPath()), at(s.cacheOf(ledger))
	switch {
	case file != "" && (address == file || (portal.Nested(address, file) && len(address) < len(file))):
		return "The ledger, " + ledger.LocalPath() + ", is in it. Give the environment a separate directory with nothing else in it."
	case cache != "" && (address == cache || portal.Nested(address, cache)):
		return "The artifact cache, " + s.cacheOf(ledger) + ", overlaps with it. Give the environment a separate directory with nothing else in it, or set artifact_cache to another directory."
	}
	return ""
}

package target

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// What is reported of drift is short, however much has drifted.
const (
	mostComponents = 20
	mostFiles      = 5
	longestName    = 80
)

// Drift says how what was observed differs from what is wanted, a line a component,
// such as "theme: 2 files changed, 1 added: css/site.css, …". It is empty exactly where
// Matches reports true.
func Drift(seen Observation, want portal.Content) []string {
	names := map[string]bool{}
	for name := range want {
		names[name] = true
	}
	for name := range seen.Content {
		names[name] = true
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		item, there := seen.Content[name]
		wanted, known := want[name]
		switch {
		case !there:
			lines = append(lines, name+": gone")
		case !known:
			lines = append(lines, readable(name)+": present, but not deployed")
		case !agrees(item, wanted):
			lines = append(lines, name+": "+driftOf(seen.Differences[name], item, wanted))
		}
	}
	if more := len(lines) - mostComponents; more > 0 {
		lines = append(lines[:mostComponents], fmt.Sprintf("… and %d more components", more))
	}
	return lines
}

func driftOf(told string, item, wanted portal.Item) string {
	switch {
	case told != "":
		return told
	case item.SHA256 != "" && item.SHA256 != wanted.SHA256 && wanted.Kind == portal.KindArchive && item.Version == UnknownVersion:
		return "changed" // the digest of what was unpacked is not that of the archive
	case item.SHA256 != "" && item.SHA256 != wanted.SHA256:
		return fmt.Sprintf("changed: sha256 %s, and %s was deployed", short(item.SHA256), short(wanted.SHA256))
	case item.Version == UnknownVersion:
		return "changed"
	case item.Version != "" && item.Version != wanted.Version:
		return fmt.Sprintf("version %s, and %s was deployed", item.Version, wanted.Version)
	case item.Kind != "" && item.Kind != wanted.Kind:
		return fmt.Sprintf("kind %s, and %s was deployed", item.Kind, wanted.Kind)
	}
	return "unpacked differently"
}

func short(digest string) string { return digest[:min(12, len(digest))] }

// FileDrift says which files of a component differ, by their paths.
func FileDrift(changed, added, gone []string) string {
	var counts, files []string
	for _, group := range []struct {
		what  string
		paths []string
	}{{"changed", changed}, {"added", added}, {"gone", gone}} {
		if n := len(group.paths); n > 0 {
			noun := ""
			if len(counts) == 0 {
				noun = map[bool]string{true: " file", false: " files"}[n == 1]
			}
			counts = append(counts, fmt.Sprintf("%d%s %s", n, noun, group.what))
		}
		files = append(files, group.paths...)
	}
	more := len(files) > mostFiles
	files = files[:min(mostFiles, len(files))]
	for i := range files {
		files[i] = readable(files[i])
	}
	if more {
		files = append(files, "…")
	}
	return strings.Join(counts, ", ") + ": " + strings.Join(files, ", ")
}

// readable is a file's name as it can be shown: a target may have any.
func readable(name string) string {
	if runes := []rune(name); len(runes) > longestName {
		name = string(runes[:longestName]) + "…"
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) || r == ',' }) || strings.TrimSpace(name) != name {
		return strconv.Quote(name)
	}
	return name
}

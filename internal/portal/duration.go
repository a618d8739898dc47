package portal

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

var dayPattern = regexp.MustCompile(`^(\d+)d(.*)$`)

// ParseDuration reads a Go duration that may begin with days of 24 hours:
// "90m", "72h", "3d", "1d12h". Negative durations are refused.
func ParseDuration(text string) (time.Duration, error) {
	const longest = 10 * 365 * 24 * time.Hour
	wrong := fmt.Errorf("%q is not a duration: write for example \"90m\", \"72h\" or \"3d\", up to ten years", text)
	rest, total := text, time.Duration(0)
	if m := dayPattern.FindStringSubmatch(text); m != nil {
		days := 0
		if _, err := fmt.Sscanf(m[1], "%d", &days); err != nil || days > 3650 {
			return 0, wrong
		}
		total, rest = time.Duration(days)*24*time.Hour, m[2]
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 || d > longest {
			return 0, wrong
		}
		total += d
	} else if text == "" {
		return 0, wrong
	}
	if total > longest {
		return 0, wrong
	}
	return total, nil
}

// FormatDuration writes a duration for people, without zero parts: "72h",
// "1h30m". Fractions of a second below a minute are kept to milliseconds;
// longer durations are rounded to seconds.
func FormatDuration(d time.Duration) string {
	if rounded := d.Round(time.Millisecond); rounded < time.Minute {
		return rounded.String()
	}
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// FormatTime writes a time as users see it everywhere: RFC 3339 in UTC, to the
// second.
func FormatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

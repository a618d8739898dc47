package target

import (
	"fmt"
	"path/filepath"
	"regexp"
	"unicode"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// A name becomes a file's name and an argument of programs. Names that begin
// with a dot or a dash are hidden files and options there.
var (
	componentName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)
	releaseName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+_-]{0,199}$`)
)

// Check refuses what no target can be asked to do: names that would be
// something else as a file or an argument, components without a digest or, unless
// the target keeps them, without a file. The domain refuses such names earlier; a target is the last
// one to look.
func (c Change) Check() error {
	if c.Release != "" && !releaseName.MatchString(c.Release) {
		return fmt.Errorf("%q is not a version of a release: use letters, digits and . + _ -, beginning with a letter or digit", c.Release)
	}
	for _, text := range []string{c.Key, c.Pipeline, c.Environment} {
		for _, r := range text {
			if unicode.IsControl(r) {
				return fmt.Errorf("%q has control characters", text)
			}
		}
	}
	if err := checkContent(c.From); err != nil {
		return err
	}
	if err := checkContent(c.To); err != nil {
		return err
	}
	for _, name := range c.To.Names() {
		if !portal.IsDigest(c.To[name].SHA256) {
			return fmt.Errorf("component %q has the sha256 %q, which is not 64 lower-case hexadecimal digits", name, c.To[name].SHA256)
		}
		if !c.Kept && !filepath.IsAbs(c.Files[name]) {
			return fmt.Errorf("component %q has no file to install", name)
		}
	}
	return nil
}

func checkContent(content portal.Content) error {
	for _, name := range content.Names() {
		if err := CheckName(name); err != nil {
			return err
		}
		for _, text := range []string{content[name].Version, content[name].Kind} {
			for _, r := range text {
				if unicode.IsControl(r) {
					return fmt.Errorf("component %q has control characters in its version or kind", name)
				}
			}
		}
	}
	return nil
}

// CheckName refuses a component's name that cannot safely be a file's.
func CheckName(name string) error {
	if !componentName.MatchString(name) {
		return fmt.Errorf("%q is not a name of a component: use at most 200 letters, digits and . _ -, beginning with a letter or digit", name)
	}
	return nil
}

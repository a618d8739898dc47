package directory

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Address names the place itself, whichever way a configuration spells it:
// links are followed as far as the path is there.
func (c Config) Address() (string, error) {
	path := filepath.Clean(c.Path)
	rest := ""
	for {
		resolved, err := filepath.EvalSymlinks(path)
		if err == nil {
			return "directory:" + filepath.Join(resolved, rest), nil
		}
		parent := filepath.Dir(path)
		if parent == path || !errors.Is(err, fs.ErrNotExist) {
			// Nothing can be said about it now; as it is written it still has one address.
			return "directory:" + filepath.Clean(c.Path), nil
		}
		rest = filepath.Join(filepath.Base(path), rest)
		path = parent
	}
}

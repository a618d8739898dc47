package junit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/bmatcuk/doublestar/v4"
)

// NoMatchError says that a path or pattern names no file. It matches
// fs.ErrNotExist.
type NoMatchError struct{ Pattern string }

func (e *NoMatchError) Error() string {
	if strings.ContainsAny(e.Pattern, `*?[{`) {
		return "no file matches " + e.Pattern
	}
	return named(e.Pattern) + " does not exist"
}

// Is makes it one of the ways in which a file can be missing.
func (e *NoMatchError) Is(target error) bool { return target == fs.ErrNotExist }

// ReadMatches reads the files that paths and patterns name as one result. See
// Find and Read.
func ReadMatches(patterns ...string) (*Report, error) {
	files, err := Find(patterns...)
	if err != nil {
		return nil, err
	}
	return Read(files...)
}

// Find returns the files that paths and glob patterns name, sorted, each once.
// "**" stands for any number of directories. What exists under the very name of
// a pattern is meant literally. Symbolic links to directories are not followed
// below the first special character of a pattern. Each pattern has to name a
// file: otherwise the error is a *NoMatchError.
func Find(patterns ...string) ([]string, error) {
	var found []string
	for _, pattern := range patterns {
		files, err := match(pattern)
		if err != nil {
			return nil, err
		}
		found = append(found, files...)
	}
	slices.Sort(found)
	seen := make(map[string]bool, len(found))
	return slices.DeleteFunc(found, func(path string) bool {
		whole, err := filepath.Abs(path)
		if err != nil {
			whole = path
		}
		known := seen[whole]
		seen[whole] = true
		return known
	}), nil
}

func match(pattern string) ([]string, error) {
	if pattern == "" {
		return nil, errors.New("the path of a report is empty")
	}
	if _, err := os.Lstat(pattern); err == nil {
		return []string{filepath.Clean(pattern)}, nil
	}
	if !doublestar.ValidatePathPattern(pattern) {
		return nil, fmt.Errorf("%s is not a valid path pattern", named(pattern))
	}
	found, err := doublestar.FilepathGlob(pattern, doublestar.WithNoFollow(), doublestar.WithFailOnIOErrors())
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("looking for %s: %w", pattern, err)
	}
	found = slices.DeleteFunc(found, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.IsDir()
	})
	if len(found) == 0 {
		return nil, &NoMatchError{pattern}
	}
	for i := range found {
		found[i] = filepath.Clean(found[i])
	}
	return found, nil
}

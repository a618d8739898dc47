// Package junit reads JUnit reports as the runners of this world write them,
// and judges them: what ran, what failed, and whether that is a passed result.
// It knows neither Terraform nor the ledger.
package junit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	// largestFile is the size, in bytes, up to which a report file is read.
	largestFile = 64 << 20
	// largestTotal is the size, in bytes, up to which the files of one result
	// are read.
	largestTotal = 256 << 20
	// mostFiles is how many files one result may have.
	mostFiles = 20_000
)

// Report is what one or more report files show, taken as one result.
type Report struct {
	Files    []string // as they were given, sorted
	Tests    int64    // test cases that ran: passed or failed, not skipped
	Failures int64    // failures and errors, those of whole suites included
	Skipped  int64    // test cases that did not run, or whose failure was expected

	// SHA256 is in hexadecimal. For one file it is the sha256 of its bytes. For
	// several it is the sha256 of what `sha256sum -z` prints for them, sorted by
	// path, run in the innermost directory that holds them all: it does not
	// depend on where that directory is.
	SHA256 string

	// Timestamped says that a file carries the time at which its tests ran, so
	// that another run would have written other bytes.
	Timestamped bool

	OldestFile string    // the file that was written first
	Oldest     time.Time // when that was, by the file system

	// Notes has up to three lines that name failures.
	Notes []string
}

// NothingRanError says that a report has no test that ran and no failure
// either. It proves nothing, so it is neither a passed nor a failed result.
type NothingRanError struct{ Report *Report }

func (e *NothingRanError) Error() string {
	s := list(e.Report.Files)
	if e.Report.Skipped == 0 {
		s += " has no test case"
	} else {
		s += fmt.Sprintf(" has only skipped test cases (%d)", e.Report.Skipped)
	}
	if s += ": nothing was tested"; len(e.Report.Notes) > 0 {
		s += " (" + e.Report.Notes[0] + ")"
	}
	return s
}

// Read reads report files as one result. The error names the file that is to
// blame. It matches fs.ErrNotExist if a file is not there, and is a
// *NothingRanError if the files can be read and nothing ran.
func Read(paths ...string) (*Report, error) {
	if len(paths) == 0 {
		return nil, errors.New("no report was given")
	}
	if len(paths) > mostFiles {
		return nil, fmt.Errorf("%d report files are too many for one result: at most %d are read", len(paths), mostFiles)
	}
	r := &Report{Files: slices.Sorted(slices.Values(paths))}
	if err := checkSizes(r.Files); err != nil {
		return nil, err
	}
	sums := make([]string, len(r.Files))
	var counted total
	for i, path := range r.Files {
		one, err := readFile(path, &counted)
		if err != nil {
			return nil, err
		}
		if sums[i] = one.sha256; i == 0 || one.written.Before(r.Oldest) {
			r.Oldest, r.OldestFile = one.written, path
		}
	}
	r.SHA256 = digest(r.Files, sums)
	r.Tests, r.Failures, r.Skipped = counted.cases-counted.skipped, counted.failures, counted.skipped
	r.Timestamped, r.Notes = counted.timestamped, counted.notes
	if r.Tests == 0 && r.Failures == 0 {
		return nil, &NothingRanError{r}
	}
	r.Failures += counted.verdicts
	return r, nil
}

// checkSizes refuses what would take too long before anything is read.
func checkSizes(paths []string) error {
	var size int64
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return missing(path, err)
		}
		if err := checkFile(path, info); err != nil {
			return err
		}
		if size += info.Size(); size > largestTotal {
			return fmt.Errorf("the report files are larger than %d MiB together", largestTotal>>20)
		}
	}
	return nil
}

// missing says of a file what keeps it from being opened.
func missing(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &NoMatchError{path}
	}
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err
	}
	return fmt.Errorf("%s cannot be opened: %w", path, err)
}

func checkFile(path string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular(): // opening a pipe would wait for its writer
		return fmt.Errorf("%s is not a file", named(path))
	case info.Size() > largestFile:
		return tooLarge(path)
	case info.Size() == 0:
		return fmt.Errorf("%s is empty", named(path))
	}
	return nil
}

func tooLarge(path string) error {
	return fmt.Errorf("%s is larger than %d MiB", named(path), largestFile>>20)
}

// source is what was found out about a file besides what it counts.
type source struct {
	sha256  string
	written time.Time
}

// readFile reads a file once, from beginning to end, and adds it to a total.
func readFile(path string, counted *total) (source, error) {
	in, err := os.Open(path)
	if err != nil {
		return source{}, missing(path, err)
	}
	defer func() { _ = in.Close() }()
	// Once more: another file may have taken the place of the one that was
	// checked, and times are those of the file that is read.
	info, err := in.Stat()
	if err == nil {
		err = checkFile(path, info)
	}
	if err != nil {
		return source{}, err
	}
	hash := sha256.New()
	limited := &io.LimitedReader{R: in, N: largestFile + 1}
	err = count(io.TeeReader(limited, hash), counted)
	if limited.N == 0 {
		return source{}, tooLarge(path) // it has grown since
	}
	if err != nil {
		return source{}, fmt.Errorf("%s cannot be read as a JUnit report: %w", named(path), err)
	}
	return source{sha256: hex.EncodeToString(hash.Sum(nil)), written: info.ModTime()}, nil
}

// digest is the sha256 of a result: see Report.SHA256.
func digest(paths, sums []string) string {
	if len(paths) == 1 {
		return sums[0]
	}
	lines := make([]string, len(paths))
	for i, path := range inCommonDirectory(paths) {
		lines[i] = path + "\x00" + sums[i]
	}
	slices.Sort(lines)
	hash := sha256.New()
	for _, line := range lines {
		path, sum, _ := strings.Cut(line, "\x00")
		fmt.Fprintf(hash, "%s  %s\x00", sum, path)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// inCommonDirectory returns paths as seen from the innermost directory that
// holds them all, with slashes.
func inCommonDirectory(paths []string) []string {
	split := make([][]string, len(paths))
	for i, path := range paths {
		split[i] = strings.Split(filepath.ToSlash(filepath.Clean(path)), "/")
	}
	common := split[0][:len(split[0])-1]
	for _, parts := range split[1:] {
		n := 0
		for n < len(common) && n < len(parts)-1 && common[n] == parts[n] {
			n++
		}
		common = common[:n]
	}
	seen := make([]string, len(paths))
	for i, parts := range split {
		seen[i] = strings.Join(parts[len(common):], "/")
	}
	return seen
}

// list names files in a message, the first of them if they are many.
func list(files []string) string {
	const most = 3
	if len(files) <= most {
		return strings.Join(files, ", ")
	}
	return fmt.Sprintf("This result (%s and %d more files)", strings.Join(files[:most], ", "), len(files)-most)
}

// named is a path as a message begins with it: quoted if it has letters only, for it
// would pass for a word that begins a sentence.
func named(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return path
	}
	return strconv.Quote(path)
}

package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/releaseportal/terraform-provider-portal/internal/hashing"
)

// walk is one reading of an archive. Every rule about entries is here, and it
// does not know whether its sink writes.
type walk struct {
	ctx    context.Context
	to     sink
	strip  int
	budget *budget
	names  names
	files  map[string]TreeEntry // by path
	tree   Tree
}

func newWalk(ctx context.Context, to sink, options Options, size int64) *walk {
	return &walk{
		ctx: ctx, to: to, strip: options.StripComponents,
		budget: &budget{limits: options.Limits.withDefaults(), archive: size},
		names:  names{taken: map[string]taken{}}, files: map[string]TreeEntry{},
	}
}

// nothing refuses an archive without content: it would empty what it replaces.
func (w *walk) nothing() error {
	if w.strip > 0 && w.budget.entries > 0 {
		return &RefusedError{
			Reason: fmt.Sprintf("has nothing left after strip_components = %d", w.strip), Cure: "use a smaller strip_components",
		}
	}
	return &RefusedError{Reason: "has nothing in it", Cure: "pack it again after the build has finished"}
}

// place is where an entry goes: its name, clean and stripped. It is "" for the
// root itself and for a directory of which nothing is left.
func (w *walk) place(name string, dir bool) (string, error) {
	if err := w.budget.name(len(name)); err != nil {
		return "", err
	}
	clean, err := cleanName(name)
	if err != nil || clean == "" && dir {
		return "", err
	}
	if clean == "" {
		return "", &RefusedError{Entry: name, Reason: "is a file without a name", Cure: cureFormat}
	}
	if w.strip == 0 {
		return clean, nil
	}
	place := stripName(name, w.strip)
	if place == "" && !dir {
		return "", &RefusedError{
			Entry:  name,
			Reason: fmt.Sprintf("has no name left after strip_components = %d", w.strip),
			Cure:   "use a smaller strip_components, or pack the file into the folder that is stripped",
		}
	}
	return place, nil
}

// claim takes a place and makes the directories above it that are not there yet.
// They count as entries: a name can imply many. taken reports whether the place
// was claimed before.
func (w *walk) claim(place string, dir bool) (taken bool, err error) {
	above, taken, err := w.names.claim(place, dir)
	if err != nil {
		return false, err
	}
	for _, parent := range above {
		if err := w.budget.entry(); err != nil {
			return false, err
		}
		if err := w.mkdir(parent); err != nil {
			return false, err
		}
	}
	return taken, nil
}

func (w *walk) mkdir(place string) error {
	w.tree = append(w.tree, TreeEntry{Path: place, Type: 'd'})
	return w.to.mkdir(place)
}

func (w *walk) directory(name string) error {
	place, err := w.place(name, true)
	if err != nil || place == "" {
		return err
	}
	taken, err := w.claim(place, true)
	if err != nil || taken {
		return err
	}
	return w.mkdir(place)
}

// file takes a regular file. size is how large the archive says it is, content
// has its bytes, which are counted as they come out.
func (w *walk) file(name string, mode fs.FileMode, size int64, content io.Reader) error {
	place, err := w.place(name, false)
	if err != nil {
		return err
	}
	taken, err := w.claim(place, false)
	if err != nil {
		return err
	}
	if err := w.budget.fits(size); err != nil {
		return err // without reading it first
	}
	entry := TreeEntry{Path: place, Type: fileType(mode)}
	content = &counted{Reader: content, budget: w.budget}
	if taken {
		entry.SHA256, entry.Size, err = hashing.Copy(w.ctx, io.Discard, content)
		if err != nil {
			return err
		}
		return w.again(name, entry)
	}
	to, err := w.to.create(place, entry.Type == 'x')
	if err != nil {
		return err
	}
	entry.SHA256, entry.Size, err = hashing.Copy(w.ctx, to, content)
	if err := errors.Join(err, to.Close()); err != nil {
		return err
	}
	w.keep(entry)
	return nil
}

func (w *walk) keep(entry TreeEntry) {
	w.files[entry.Path] = entry
	w.tree = append(w.tree, entry)
}

// again accepts a file that is there already if nothing depends on which of the
// two is taken: tar and pnpm write the same file twice.
func (w *walk) again(name string, entry TreeEntry) error {
	before := w.files[entry.Path]
	switch {
	case before == entry:
		return nil
	case before.SHA256 == entry.SHA256:
		return &RefusedError{Entry: name, Reason: "occurs twice, only once as an executable", Cure: cureTwice}
	}
	return &RefusedError{Entry: name, Reason: "occurs twice, with different content", Cure: cureTwice}
}

// link takes a hard link: a copy of an earlier file.
func (w *walk) link(name, target string) error {
	place, err := w.place(name, false)
	if err != nil {
		return err
	}
	from, err := w.place(target, false)
	if err != nil {
		return noLink(name, target)
	}
	entry, there := w.files[from]
	if !there {
		return noLink(name, target)
	}
	taken, err := w.claim(place, false)
	if err != nil {
		return err
	}
	entry.Path = place
	if taken {
		return w.again(name, entry)
	}
	if err := w.budget.take(entry.Size); err != nil {
		return err
	}
	w.keep(entry)
	return w.to.duplicate(from, place, entry.Type == 'x')
}

func noLink(name, target string) error {
	return &RefusedError{
		Entry: name, Reason: fmt.Sprintf("is a hard link to %q, which is not a file before it in the archive", shown(target)), Cure: cureHard,
	}
}

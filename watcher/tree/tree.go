package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// ManifestName is the regular file that makes a folder a capsule.
const ManifestName = "Capsule.toml"

// ErrChanging is in the chain of a Take's error when the tree would not hold
// still: a file grew, shrank, vanished or became something else while it was
// read, in each of the attempts. The tree's digest is then unknown, not changed.
var ErrChanging = errors.New("sources keep changing while they are read")

// ChangingError says which path did not hold still. errors.Is(err, ErrChanging) holds.
type ChangingError struct {
	Path string // absolute
	What string // what happened to it: "grew or shrank", "vanished", ...
}

func (e *ChangingError) Error() string {
	return fmt.Sprintf("reading %q: %s while it was read", e.Path, e.What)
}

// Is makes errors.Is(err, ErrChanging) true.
func (e *ChangingError) Is(target error) bool { return target == ErrChanging }

// PartialError says what could not be read by a walk that went on without it.
// What the walk delivered is right, but not all there is.
type PartialError struct {
	Errs []error // each an *fs.PathError, at least one
}

// partial is nil when errs is empty.
func partial(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return &PartialError{Errs: errs}
}

func (e *PartialError) Error() string {
	lines := make([]string, len(e.Errs))
	for i, err := range e.Errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns Errs.
func (e *PartialError) Unwrap() []error { return e.Errs }

// gone reports whether err says that a path is not there any more, or not what
// it was, so that a new look at the folder tells more than the error does.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || fsys.Swapped(err)
}

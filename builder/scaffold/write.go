package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

// Written is a capsule that was written.
type Written struct {
	Dir     string   // as it was given
	Files   []string // relative to Dir, with slashes, sorted
	Prepare []string // to be run in Dir before the first build; nil: nothing
	Why     string   // the runtime does not load what it builds; "": it does
}

// Write writes a new capsule in the language lang, "" for Default, into the new folder path, whose name is
// the capsule's. It touches nothing that is there, and leaves nothing half written. The
// error is a *usage.Error.
func Write(path, lang string) (*Written, error) {
	if path == "" {
		return nil, usage.Hint(errors.New("an empty name was given"), "astrid-dev new greeter")
	}
	if lang == "" {
		lang = Default
	}
	files, err := Scaffold(lang, filepath.Base(path))
	if err != nil {
		return nil, usage.New(err)
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, usage.Hint(fmt.Errorf("%s is there already", text.Name(path)), "choose another name, or remove it")
	}
	if err := writeFolder(path, files); err != nil {
		return nil, usage.New(fmt.Errorf("writing %s: %w", text.Name(path), err)) // err may name a draft that nobody has seen
	}
	return &Written{Dir: path, Files: slices.Sorted(maps.Keys(files)), Prepare: Prepare(lang), Why: why(lang)}, nil
}

// writeFolder makes the new folder path whole: it is written beside it and
// renamed, so that nothing half-written stays and nothing of anybody's is touched.
func writeFolder(path string, files map[string][]byte) error {
	parent := filepath.Dir(filepath.Clean(path))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	draft, err := os.MkdirTemp(parent, "."+filepath.Base(path)+".")
	if err != nil {
		return err
	}
	defer os.RemoveAll(draft) // gone already when the rename came to pass
	for name, data := range files {
		file := filepath.Join(draft, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, data, fs.FileMode(0o644))); err != nil {
			return err
		}
	}
	return errors.Join(os.Chmod(draft, 0o755), os.Rename(draft, path))
}

func why(lang string) string {
	i := slices.IndexFunc(languages, func(l language) bool { return l.Name == lang })
	return languages[i].Why
}

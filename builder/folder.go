package builder

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/regular"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// folder is a capsule's folder as we write to it. Whatever links there are, nothing is
// written, moved or deleted that does not lie below it. Names are slash paths below it.
type folder struct {
	*os.Root
	dir string
}

func openFolder(dir string) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &folder{root, dir}, nil
}

// inFolder opens dir for one piece of work.
func inFolder(dir string, work func(f *folder) error) error {
	f, err := openFolder(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return work(f)
}

// refusal is a write that would cost somebody a file that is not ours.
type refusal struct {
	code          finding.Code
	message, hint string
}

func (e *refusal) Error() string { return e.message }

func stateName(names ...string) string { return path.Join(append([]string{stateFolder}, names...)...) }

// The content of the file by which the state folder is told to be ours.
const cacheTag = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of astrid-dev; it may be deleted.\n"

// ours are the names that astrid-dev makes in its state folder.
var ours = []string{recordFile, intentFile, verdictFile, lockFile, runFile, seenFile, blobFolder, workFolder, ".gitignore", "CACHEDIR.TAG"}

// checkState refuses a state folder that a link leads to, or that holds what astrid-dev
// did not make: what lies in it is overwritten and deleted without asking.
func (f *folder) checkState() error {
	for _, name := range []string{stateFolder, stateName(workFolder), stateName(blobFolder)} {
		info, err := f.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case escapes(err):
			return f.foreign("a link on the way to %s leads out of the capsule", stateFolder)
		case err != nil:
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			return f.foreign("%s is a link", name)
		}
	}
	if tag, err := f.ReadFile(stateName("CACHEDIR.TAG")); err == nil && string(tag) == cacheTag {
		return nil
	}
	entries, err := fs.ReadDir(f.FS(), stateFolder)
	if err != nil {
		return nil // it is not there, or making it will say why
	}
	for _, e := range entries {
		if !slices.Contains(ours, e.Name()) && !isTemporary(e.Name()) {
			return f.foreign("%s holds %s, which is not of astrid-dev's making", stateFolder, e.Name())
		}
	}
	return nil
}

func (f *folder) foreign(format string, args ...any) error {
	return &refusal{finding.StateFolderForeign, fmt.Sprintf(format, args...) + ": nothing is written or deleted there",
		fmt.Sprintf("%s is astrid-dev's own cache: make it a plain folder inside the capsule, or move what is there elsewhere", stateFolder)}
}

// escapes reports whether err says that a path led out of the root.
func escapes(err error) bool {
	return err != nil && strings.Contains(err.Error(), "path escapes from parent")
}

// Temporary files are told by their names, so that those of a killed process can be swept.
const temporaryMark = ".astrid-dev-"

// temporary is a new name beside name.
func temporary(name string) string {
	return path.Join(path.Dir(name), "."+path.Base(name)+temporaryMark+rand.Text())
}

func isTemporary(name string) bool {
	return strings.HasPrefix(name, ".") && strings.Contains(name, temporaryMark)
}

// sweep removes what killed writers of name left beside it. The lock is held.
func (f *folder) sweep(name string) {
	entries, err := fs.ReadDir(f.FS(), path.Dir(name))
	if err != nil {
		return
	}
	for _, e := range entries {
		if isTemporary(e.Name()) && strings.HasPrefix(e.Name(), "."+path.Base(name)+temporaryMark) && e.Type().IsRegular() {
			_ = f.Remove(path.Join(path.Dir(name), e.Name()))
		}
	}
}

// litter reports whether a killed process left temporary files in the state folder.
func (f *folder) litter() bool {
	entries, err := fs.ReadDir(f.FS(), stateFolder)
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return isTemporary(e.Name()) })
}

// write replaces name by data, so that a reader, or a crash, sees the old or the new content.
func (f *folder) write(name string, data []byte) error {
	tmp := temporary(name)
	out, err := f.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer f.Remove(tmp) // gone already when the rename came to pass
	if _, err = out.Write(data); err == nil {
		err = out.Sync()
	}
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return f.move(tmp, name)
}

// move renames from to to, and has both on disk when it returns.
func (f *folder) move(from, to string) error {
	if err := f.Rename(from, to); err != nil {
		return err
	}
	return f.sync(path.Dir(to))
}

// sync has the entries of the folder name on disk.
func (f *folder) sync(name string) error {
	d, err := f.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	return syncFolder(d)
}

// below is path as a name below the folder; false when it lies elsewhere.
func (f *folder) below(at string) (string, bool) {
	rel, err := filepath.Rel(f.dir, at)
	return filepath.ToSlash(rel), err == nil && filepath.IsLocal(rel)
}

// mayPublish refuses to publish over a file that could be somebody's work. Ours is what
// old, the last record, names, and every module that git does not track.
func (f *folder) mayPublish(file string, old *record) error {
	info, err := f.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.mayMake(path.Dir(file))
	case escapes(err):
		return leadsOut(file)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return f.taken(file, "is "+kind(info.Mode())+", not a file")
	}
	recorded := old != nil && slices.ContainsFunc(old.Modules, func(m module) bool { return m.File == file })
	isModule := f.isModule(file)
	switch {
	case recorded && isModule:
		return nil
	case (recorded || isModule) && !tree.Tracked(filepath.Join(f.dir, filepath.FromSlash(file))):
		return nil
	case isModule:
		return f.taken(file, "is tracked by git, and astrid-dev has not published it")
	}
	return f.taken(file, "is no WebAssembly module")
}

// mayMake refuses a folder that can only be made outside.
func (f *folder) mayMake(name string) error {
	if _, err := f.Stat(name); escapes(err) {
		return leadsOut(name)
	}
	return nil
}

func leadsOut(name string) error {
	return &refusal{finding.ComponentFileEscapes, fmt.Sprintf("%s leads out of the capsule by a link: nothing is written there", name),
		"remove the link: astrid-dev writes the module there"}
}

func (f *folder) taken(file, why string) error {
	return &refusal{finding.PublishRefused, fmt.Sprintf("what stands at %s %s: it is left as it is", file, why),
		fmt.Sprintf("correct the component's file in Capsule.toml if it names a source; if it is not needed, delete %s (and git rm --cached it): the next build publishes there", file)}
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeSymlink != 0:
		return "a link"
	}
	return "a special file"
}

// isModule reports whether a file begins as every WebAssembly module does.
func (f *folder) isModule(name string) bool {
	is, _ := regular.Begins(filepath.Join(f.dir, filepath.FromSlash(name)), "\x00asm")
	return is
}

package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// folder is a capsule's folder as we write to it.
type folder struct{ *fsys.Root }

func openFolder(dir string) (*folder, error) {
	root, err := fsys.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &folder{root}, nil
}

// inFolder opens dir for one piece of work.
func inFolder(dir string, work func(f *folder) error) error {
	return fsys.InRoot(dir, func(r *fsys.Root) error { return work(&folder{r}) })
}

func stateName(names ...string) string { return path.Join(append([]string{Folder}, names...)...) }

// The content of the file by which the state folder is told to be ours.
const cacheTag = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of astrid-dev; it may be deleted.\n"

// ours are the names that astrid-dev makes in its state folder.
var ours = []string{RecordFile, IntentFile, verdictFile, LockFile, RunNote, SeenNote, DebugRunNote, DebugSeenNote, CauseNote, LookNote, BlobFolder, WorkFolder, LinesFolder, ".gitignore", "CACHEDIR.TAG"}

// checkState refuses a state folder that a link leads to, or that holds what astrid-dev
// did not make: what lies in it is overwritten and deleted without asking.
func (f *folder) checkState() error {
	if f.isPlain() {
		return nil
	}
	for _, name := range []string{Folder, stateName(WorkFolder), stateName(BlobFolder), stateName(LinesFolder)} {
		info, err := f.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case fsys.Escapes(err):
			return f.foreign("a link on the way to %s leads out of the capsule", Folder)
		case err != nil:
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			return f.foreign("%s is a link", name)
		}
	}
	if f.isTagged() {
		return nil
	}
	entries, err := fs.ReadDir(f.FS(), Folder)
	if err != nil {
		return nil // it is not there, or making it will say why
	}
	for _, e := range entries {
		if !slices.Contains(ours, e.Name()) && !fsys.IsTemporary(e.Name()) {
			return f.foreign("%s holds %s, which is not of astrid-dev's making", Folder, e.Name())
		}
	}
	return nil
}

// isPlain reports whether the state folder is tagged as ours, and no link is on the way to it or in its place. It is what is found
// nearly always, and cheap.
func (f *folder) isPlain() bool {
	for _, name := range []string{path.Dir(Folder), Folder, stateName(WorkFolder), stateName(BlobFolder), stateName(LinesFolder)} {
		if fsys.Lstat(filepath.Join(f.Dir, filepath.FromSlash(name))).Kind == fsys.Link {
			return false
		}
	}
	return f.isTagged()
}

// isTagged reports whether the state folder says that it is ours.
func (f *folder) isTagged() bool {
	tag, err := fsys.Read(Path(f.Dir, "CACHEDIR.TAG"), int64(len(cacheTag)))
	return err == nil && string(tag) == cacheTag
}

func (f *folder) foreign(format string, args ...any) error {
	return &Refusal{finding.StateFolderForeign, fmt.Sprintf(format, args...) + ": nothing is written or deleted there",
		fmt.Sprintf("%s is astrid-dev's own cache: make it a plain folder inside the capsule, or move what is there elsewhere", Folder)}
}

// mayPublish refuses to publish over a file that could be somebody's work. Ours is what
// old, the last record, names, and every module that git does not track.
func (f *folder) mayPublish(file string, old *Record) error {
	info, err := f.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.mayMake(path.Dir(file))
	case fsys.Escapes(err):
		return leadsOut(file)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return f.taken(file, "is "+kind(info.Mode())+", not a file")
	}
	recorded := old != nil && slices.ContainsFunc(old.Modules, func(m Module) bool { return m.File == file })
	isModule := f.isModule(file)
	switch {
	case recorded && isModule:
		return nil
	case (recorded || isModule) && !tree.Tracked(filepath.Join(f.Dir, filepath.FromSlash(file))):
		return nil
	case isModule:
		return f.taken(file, "is tracked by git, and astrid-dev has not published it")
	}
	return f.taken(file, "is no WebAssembly module")
}

// mayMake refuses a folder that can only be made outside.
func (f *folder) mayMake(name string) error {
	if _, err := f.Stat(name); fsys.Escapes(err) {
		return leadsOut(name)
	}
	return nil
}

func leadsOut(name string) error {
	return &Refusal{finding.ComponentFileEscapes, fmt.Sprintf("%s leads out of the capsule by a link: nothing is written there", name),
		"remove the link: astrid-dev writes the module there"}
}

func (f *folder) taken(file, why string) error {
	return &Refusal{finding.PublishRefused, fmt.Sprintf("what stands at %s %s: it is left as it is", file, why),
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
	is, _ := reader.IsWasm(filepath.Join(f.Dir, filepath.FromSlash(name)))
	return is
}

// Check refuses a state folder that is not ours, and to publish to files below dir what would
// cost somebody a file. It writes nothing. last is the newest record, nil when there is none.
func Check(dir string, files []string, last *Record) error {
	return inFolder(dir, func(f *folder) error {
		if err := f.checkState(); err != nil {
			return err
		}
		for _, file := range files {
			if err := f.mayPublish(file, last); err != nil {
				return err
			}
		}
		return nil
	})
}

// MakeWork clears what a killed process left and makes a folder for a build, with out and
// tmp in it. The lock is held.
func MakeWork(dir string) (work string, err error) {
	err = inFolder(dir, func(f *folder) error {
		if err := f.checkState(); err != nil {
			return err
		}
		if err := f.RemoveAll(stateName(WorkFolder)); err != nil {
			return err
		}
		name := stateName(WorkFolder, "build-"+rand.Text())
		for _, below := range []string{"out", "tmp", WorkShared} {
			if err := f.MkdirAll(path.Join(name, below), 0o755); err != nil {
				return err
			}
		}
		work = filepath.Join(dir, filepath.FromSlash(name))
		return nil
	})
	return work, err
}

// RemoveWork removes what MakeWork made. It may be called with "".
func RemoveWork(dir, work string) {
	_ = inFolder(dir, func(f *folder) error {
		name, ok := f.Below(work)
		if !ok || work == "" {
			return nil
		}
		return f.RemoveAll(name)
	})
}

package tree

import (
	"io/fs"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Outline is the folders of a tree as a search came upon them. Who walks the same tree soon after asks for
// their stat alone, and reads those that were written to since. It is not changed once Find returned
// it. A nil Outline knows nothing.
type Outline struct {
	dev     uint64 // where a folder's times tell of each change of its names; 0: nowhere
	folders map[string]outlined
}

// outlined is one folder in which neither a link nor a repository lies, which may lead elsewhere at any time.
type outlined struct {
	stat    stamp
	folders []string // names
	capsule bool     // a regular file of the manifest's name lies in it
}

// outline is what list, the entries of a folder that was i at the time before they were read, tells of it;
// false where a later change of the folder may not show in its stat.
func (o *Outline) outline(i fsys.Info, before time.Time, list []fs.DirEntry) (f outlined, is bool) {
	if o.dev == 0 || i.ID.Dev != o.dev || !settles(i.Ctime, before) {
		return f, false
	}
	f.stat = stampOf(i)
	for _, e := range list {
		switch {
		case e.Name() == ".git" || e.Type() == fs.ModeSymlink:
			return f, false
		case e.IsDir():
			f.folders = append(f.folders, e.Name())
		case e.Name() == ManifestName:
			f.capsule = e.Type().IsRegular()
		}
	}
	return f, true
}

// at is the folder at path, which is i now; false where it must be read.
func (o *Outline) at(path string, i fsys.Info) (f outlined, is bool) {
	if o == nil {
		return f, false
	}
	f, is = o.folders[path]
	return f, is && i.Kind == fsys.Folder && stampOf(i) == f.stat
}

// entries lists the folders in d, or all that is in it where it must be read.
func (o *Outline) entries(d *fsys.Dir) ([]fs.DirEntry, error) {
	if o != nil {
		if i, err := d.Stat("."); err == nil {
			if f, is := o.at(d.Path, i); is {
				return f.entries(), nil
			}
		}
	}
	return d.Entries()
}

// entries is the folders in f.
func (f outlined) entries() []fs.DirEntry {
	list := make([]fs.DirEntry, len(f.folders))
	for n, name := range f.folders {
		list[n] = folderEntry(name)
	}
	return list
}

// folderEntry is a folder by its name.
type folderEntry string

func (e folderEntry) Name() string             { return string(e) }
func (folderEntry) IsDir() bool                { return true }
func (folderEntry) Type() fs.FileMode          { return fs.ModeDir }
func (folderEntry) Info() (fs.FileInfo, error) { return nil, fs.ErrInvalid }

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
	news    bool // some of it is in no kept outline
}

// outlined is one folder in which neither a link nor a repository lies, which may lead elsewhere at any time.
type outlined struct {
	stat    stamp
	folders []string // names
	capsule bool     // a regular file of the manifest's name lies in it
}

// outlineOf is what the entries of a folder tell of it, but its stat; plain: nothing in it may lead elsewhere.
func outlineOf(list []fs.DirEntry) (f outlined, plain bool) {
	plain = true
	for _, e := range list {
		plain = plain && e.Name() != ".git" && e.Type() != fs.ModeSymlink
		switch {
		case e.IsDir():
			f.folders = append(f.folders, e.Name())
		case e.Name() == ManifestName:
			f.capsule = e.Type().IsRegular()
		}
	}
	return f, plain
}

// tells reports whether each change of a folder shows in its stat that was i at the time before it was read.
func (o *Outline) tells(i fsys.Info, before time.Time) bool {
	return o.dev != 0 && i.ID.Dev == o.dev && settles(i.Ctime, before)
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

// isLeaf reports whether the folder name in d had no folders in it.
func (o *Outline) isLeaf(d *fsys.Dir, name string) bool {
	if o == nil {
		return false
	}
	f, is := o.folders[fsys.Join(d.Path, name)]
	return is && len(f.folders) == 0
}

// same reports whether the folder name in d need not be read.
func (o *Outline) same(d *fsys.Dir, name string) bool {
	i, err := d.Stat(name)
	if err != nil {
		return false
	}
	_, is := o.at(fsys.Join(d.Path, name), i)
	return is
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

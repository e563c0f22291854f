package fsys

import (
	"crypto/rand"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Root is a folder to write in. Whatever links there are, nothing is written, moved or
// deleted that does not lie below it. Names are slash paths below it.
type Root struct {
	*os.Root
	Dir string
}

// OpenRoot opens dir. The caller closes it.
func OpenRoot(dir string) (*Root, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Root{root, dir}, nil
}

// InRoot opens dir for one piece of work.
func InRoot(dir string, work func(r *Root) error) error {
	r, err := OpenRoot(dir)
	if err != nil {
		return err
	}
	defer r.Close()
	return work(r)
}

// Escapes reports whether err says that a path led out of the root.
func Escapes(err error) bool {
	return err != nil && strings.Contains(err.Error(), "path escapes from parent")
}

// Below is path as a name below the folder; false when it lies elsewhere.
func (r *Root) Below(at string) (string, bool) {
	rel, err := filepath.Rel(r.Dir, at)
	return filepath.ToSlash(rel), err == nil && filepath.IsLocal(rel)
}

// Temporary files are told by their names, so that those of a killed process can be swept.
const temporaryMark = ".astrid-dev-"

// Temporary is a new name beside name.
func Temporary(name string) string {
	return path.Join(path.Dir(name), "."+path.Base(name)+temporaryMark+rand.Text())
}

// IsTemporary reports whether Temporary may have made name.
func IsTemporary(name string) bool {
	return strings.HasPrefix(name, ".") && strings.Contains(name, temporaryMark)
}

// Sweep removes what killed writers of name left beside it.
func (r *Root) Sweep(name string) {
	entries, err := fs.ReadDir(r.FS(), path.Dir(name))
	if err != nil {
		return
	}
	for _, e := range entries {
		if IsTemporary(e.Name()) && strings.HasPrefix(e.Name(), "."+path.Base(name)+temporaryMark) && e.Type().IsRegular() {
			_ = r.Remove(path.Join(path.Dir(name), e.Name()))
		}
	}
}

// Replace makes data the content of name, so that a reader, or a crash, sees the old or the
// new content.
func (r *Root) Replace(name string, data []byte) error {
	if err := r.replace(name, data, (*os.File).Sync); err != nil {
		return err
	}
	return r.syncFolder(name)
}

// ReplaceUnsynced is Replace for what may be lost: after a crash of the machine name may hold anything.
func (r *Root) ReplaceUnsynced(name string, data []byte) error {
	return r.replace(name, data, func(*os.File) error { return nil })
}

func (r *Root) replace(name string, data []byte, sync func(*os.File) error) error {
	tmp := Temporary(name)
	out, err := r.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer r.Remove(tmp) // gone already when the rename came to pass
	if _, err = out.Write(data); err == nil {
		err = sync(out)
	}
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return r.Rename(tmp, name)
}

// Move renames from to to, and has both on disk when it returns.
func (r *Root) Move(from, to string) error {
	if err := r.Rename(from, to); err != nil {
		return err
	}
	return r.syncFolder(to)
}

// syncFolder has the names of the folder that name lies in on disk when it returns.
func (r *Root) syncFolder(name string) error {
	d, err := r.Open(path.Dir(name))
	if err != nil {
		return err
	}
	defer d.Close()
	return Sync(d)
}

// SetTime gives the file at path, which need not lie below the folder, a time of change. It
// is silent where that cannot be: for files of other users, and for what lies elsewhere.
func (r *Root) SetTime(path string, at time.Time) {
	if name, ok := r.Below(path); ok {
		_ = r.Chtimes(name, time.Time{}, at)
	}
}

package workspace

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Mirror is a folder in which copies of folders lie under their own absolute
// path, so that "../shared" means the same in the copy and a capsule may lie in
// several workspaces. The original tree is only ever read.
type Mirror struct {
	top   string        // absolute, links resolved
	shift time.Duration // added to the times of the copied files
}

// Top is the mirror's folder, as it stands in what builds print.
func (m Mirror) Top() string { return m.top }

// Of is where path lies in the mirror.
func (m Mirror) Of(path string) string {
	volume := filepath.VolumeName(path)
	return filepath.Join(m.top, strings.ReplaceAll(volume, ":", ""), path[len(volume):])
}

// Original is the path that a path in the mirror is a copy of; false for one outside it.
func (m Mirror) Original(path string) (string, bool) {
	rel, err := filepath.Rel(m.top, path)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return path, false
	}
	if runtime.GOOS == "windows" { // the volume is the first name
		volume, rest, _ := strings.Cut(rel, string(filepath.Separator))
		return volume + ":" + string(filepath.Separator) + rest, true
	}
	return string(filepath.Separator) + rel, true
}

// Text is s with the mirror's paths as the originals', so that what is said
// about a copy can be read, and is the same in every run.
func (m Mirror) Text(s string) string {
	s = strings.ReplaceAll(s, m.top+string(filepath.Separator), string(filepath.Separator))
	return strings.ReplaceAll(s, m.top, string(filepath.Separator))
}

// Put copies a file to a path of the mirror, which no link may lead out of.
func (m Mirror) Put(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(to))
	if err != nil {
		return err
	}
	if !fsys.Inside(m.top, folder) {
		return errors.New("a link leads out of the copy there")
	}
	in, err := fsys.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return fsys.Replace(to, 0o644, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

// Remove removes a file of the mirror, unless a link leads out of it there.
func (m Mirror) Remove(path string) {
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil && fsys.Inside(m.top, folder) {
		os.Remove(path)
	}
}

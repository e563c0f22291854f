package answers

import (
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// file is a file or folder at one moment.
type file struct {
	Path string    `json:"path"`
	Real string    `json:"real"` // where links lead
	Info fsys.Info `json:"info"`
}

func look(path string) (file, bool) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return file{}, false
	}
	info := fsys.Lstat(real)
	return file{path, real, info}, info.Kind != fsys.Missing && info.ID != fsys.Identity{}
}

// tick is more than a step of the clock that a file system takes its times from.
const tick = 10 * time.Millisecond

// settled reports whether the file was changed before the time at, and whether its times would tell of a later change.
func (f file) settled(at time.Time) bool {
	dir, err := fsys.OpenDir(filepath.Dir(f.Real))
	if err != nil {
		return false
	}
	defer dir.Release()
	return dir.KeepsTimes() && f.Info.Ctime != 0 && time.Unix(0, f.Info.Ctime).Before(at.Add(-tick))
}

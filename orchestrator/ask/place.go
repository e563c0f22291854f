package ask

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// A watch makes a file NAME.json in a folder of its user's own, which says what it
// watches, and listens at the address of that name; see transport_*.go. Nothing is written into what is watched, which may be read-only, be
// cleaned, or have a path that is longer than the address of a socket can be. Names are random, so
// that a socket which nobody answers is one of a dead process for ever.

// addressLimit is how long the address of a socket can be, on any system that we know.
const addressLimit = 100

// place is what a watch tells of itself.
type place struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Roots   []string  `json:"roots"` // with links followed, where they are there
	Run     string    `json:"run"`   // its name: tokens of another run mean nothing
	beside  string    // the path of its file, without .json
}

// folders are where a watch of this user may lie. They hang on no variable alone: who asks may have
// another environment than who watches.
func folders() (list []string) {
	if os.Getuid() < 0 { // Windows, where the folder for temporary files is its user's own
		return []string{filepath.Join(os.TempDir(), "astrid-dev-watches")}
	}
	mine := "astrid-dev-" + strconv.Itoa(os.Getuid())
	list = append(list, filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "astrid-dev"))
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		list = append(list, filepath.Join(dir, "astrid-dev"))
	}
	list = append(list, filepath.Join(os.TempDir(), mine), filepath.Join("/tmp", mine))
	return slices.Compact(list)
}

// makeFolder makes the first of them that this user alone can write to.
func makeFolder() (string, error) {
	var all error
	for _, dir := range folders() {
		if len(dir) > addressLimit-len("/0123456789abcdef.sock") {
			all = errors.Join(all, fmt.Errorf("%s is too long for a socket", dir))
			continue
		}
		err := os.Mkdir(dir, 0o700)
		if err == nil || errors.Is(err, fs.ErrExist) {
			if err = private(dir); err == nil {
				return dir, nil
			}
		}
		all = errors.Join(all, err)
	}
	return "", all
}

// private fails unless dir is a folder of this user's that nobody else can enter.
func private(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir() || !ownedByMe(info) || info.Mode().Perm()&0o077 != 0 && hasModes:
		return fmt.Errorf("%s is not a folder of this user's alone", dir)
	}
	return nil
}

// newName is 16 random letters.
func newName() string { return strings.ToLower(rand.Text()[:16]) }

// publish makes p known under its name, when somebody listens.
func (p *place) publish() error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return os.WriteFile(p.beside+".json", data, 0o600)
}

// stands reports whether p can be found.
func (p *place) stands() bool {
	_, err := os.Lstat(p.beside + ".json")
	return err == nil && stands(address(p.beside))
}

// places lists the watches of this user that are known, the newest first. Those whose process
// died are among them until somebody dials.
func places() (list []place) {
	for _, dir := range folders() {
		if private(dir) != nil {
			continue
		}
		files, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(dir), "*.json"))
		for _, file := range files {
			var p place
			data, err := fsys.Read(file, 1<<20)
			if err != nil || json.Unmarshal(data, &p) != nil {
				continue
			}
			p.beside = strings.TrimSuffix(file, ".json")
			list = append(list, p)
		}
	}
	slices.SortStableFunc(list, func(a, b place) int { return b.Started.Compare(a.Started) })
	return list
}

// remove takes away what a dead process left.
func (p *place) remove() {
	os.Remove(p.beside + ".json")
	sweep(address(p.beside))
}

// depth is how long the longest root is that path lies in; 0: in none.
func (p *place) depth(path string) (n int) {
	for _, root := range p.Roots {
		if path == root || fsys.Inside(root, path) {
			n = max(n, len(root))
		}
	}
	return n
}

// real follows links as far as there is something.
func real(path string) string {
	for rest := ""; ; {
		if followed, err := filepath.EvalSymlinks(path); err == nil {
			return filepath.Join(followed, rest)
		}
		up := filepath.Dir(path)
		if up == path {
			return filepath.Join(path, rest)
		}
		path, rest = up, filepath.Join(filepath.Base(path), rest)
	}
}

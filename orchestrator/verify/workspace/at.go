package workspace

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// At are repositories as they were at a commit, checked out beside the originals, which are only
// read. Submodules are not checked out.
type At struct {
	scratch fsys.Scratch
	tops    map[string]string // of the originals -> of the checkouts
	commits []string
}

// Commits names what is checked out; "" for nil.
func (a *At) Commits() string {
	if a == nil {
		return ""
	}
	return strings.Join(a.commits, " ")
}

// CheckOut checks out what ref names in all repositories that dirs lie in. The caller removes
// it. The error is a *usage.Error for a ref that is none.
func CheckOut(ctx context.Context, dirs []string, ref string) (at *At, err error) {
	scratch, err := fsys.MakeScratch("", fsys.ScratchAgainst)
	if err != nil {
		return nil, usage.Hint(err, "set TMPDIR to a folder that can be written")
	}
	at = &At{scratch: scratch, tops: map[string]string{}}
	defer func() {
		if err != nil {
			at.Remove()
			at = nil
		}
	}()
	home := homeFolder()
	for _, dir := range dirs {
		top := tree.Repository(dir, home)
		if top == "" {
			return at, usage.Hint(fmt.Errorf("--against %q: %s lies in no git repository", ref, dir), "leave --against out")
		}
		if at.tops[top] != "" {
			continue
		}
		to := filepath.Join(scratch.Dir, fmt.Sprint(len(at.tops)), filepath.Base(top))
		commit, err := checkOut(ctx, top, ref, to)
		if err != nil {
			return at, err
		}
		at.tops[top], at.commits = to, append(at.commits, commit)
	}
	return at, nil
}

func checkOut(ctx context.Context, top, ref, to string) (commit string, err error) {
	said, err := Git(ctx, top, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}")
	if err != nil {
		return "", usage.Hint(fmt.Errorf("--against %q: no such commit in %s%s", ref, top, gitSays(err)), gitHint(err, top, depthHint))
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return "", err
	}
	commit = strings.TrimSpace(string(said))
	// objects are borrowed; no template, so no hook either
	_, err = Git(ctx, top, "clone", "--quiet", "--shared", "--no-checkout", "--template=", "--", top, to)
	if err == nil {
		_, err = Git(ctx, to, "-c", "advice.detachedHead=false", "checkout", "--quiet", "--detach", commit)
	}
	if err != nil {
		return "", usage.Hint(fmt.Errorf("--against %q: checking it out beside %s%s", ref, top, gitSays(err)), gitHint(err, top, "see that TMPDIR has room"))
	}
	return commit, nil
}

// Of is where the capsule in dir lay at the commit; "" when there was none. Its packages are
// those of the original.
func (a *At) Of(dir string) string {
	for top, to := range a.tops {
		if !fsys.Inside(top, dir) {
			continue
		}
		rel, err := filepath.Rel(top, dir)
		path := filepath.Join(to, rel)
		if err != nil || !Exists(filepath.Join(path, tree.ManifestName)) {
			return ""
		}
		for folder := dir; fsys.Inside(top, folder); folder = filepath.Dir(folder) {
			packages := filepath.Join(folder, "node_modules")
			if below, err := filepath.Rel(top, packages); err == nil && Exists(packages) {
				_ = os.Symlink(packages, filepath.Join(to, below)) // it is there already where another capsule needed it
			}
		}
		return path
	}
	return ""
}

// Text is text without the names of the checkouts' folders.
func (a *At) Text(text string) string {
	for top, to := range a.tops {
		text = strings.ReplaceAll(text, to, top)
	}
	return text
}

// Remove removes the checkouts. It may be called on nil.
func (a *At) Remove() {
	if a != nil {
		a.scratch.Remove()
	}
}

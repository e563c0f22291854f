//go:build unix

package watcher

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/fsnotify/fsnotify"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// TestModel does random things to a tree. After each round everything that is
// different about it must have been reported, and after the last one every folder
// must be watched under its right name. ASTRID_DEV_MODEL_SEEDS=N runs N seeds.
func TestModel(t *testing.T) {
	seeds := testkit.Rounds(2, 6)
	if text := os.Getenv("ASTRID_DEV_MODEL_SEEDS"); text != "" {
		var err error
		seeds, err = strconv.Atoi(text)
		must(t, err)
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			both(t, func(t *testing.T, poll bool) { model(t, poll, uint64(seed)) })
		})
	}
}

func model(t *testing.T, poll bool, seed uint64) {
	m := &modelTree{t: t, random: rand.New(rand.NewPCG(seed, 1)), dir: folderOf(t)}
	m.root = filepath.Join(m.dir, "r")
	mkdir(t, m.root)
	mkdir(t, filepath.Join(m.dir, "out"))
	for range 60 {
		m.step()
	}
	opened := make(chan *notify, 1000)
	w := start(t, poll, Plan{Roots: []string{m.root}}, func(c *Config) {
		c.seams.open = func() (*notify, error) {
			n, err := openNotify()
			opened <- n
			return n, err
		}
	})
	for range 15 {
		w.rest()
		before := m.snapshot()
		for range 1 + m.random.IntN(40) {
			m.step()
		}
		if !poll && m.random.IntN(5) == 0 {
			forceOverflow(opened)
		}
		w.quiet()
		for _, path := range different(before, m.snapshot()) {
			if !w.covered(path) {
				t.Fatalf("%q has changed and is not reported\nsteps: %q\nreported: %q", path, m.log, keys(w.seen))
			}
		}
		m.log = nil
	}
	w.probe(m.root)
}

// forceOverflow makes the newest watcher say that events were lost.
func forceOverflow(opened chan *notify) {
	n := <-opened
	for len(opened) > 0 {
		n = <-opened
	}
	opened <- n
	select {
	case n.trouble <- fsnotify.ErrEventOverflow:
	default:
	}
}

// modelTree is a tree to which random things happen.
type modelTree struct {
	t         *testing.T
	random    *rand.Rand
	dir, root string
	log       []string
}

// path is a random path, which may exist: few names, so that things collide.
func (m *modelTree) path() string {
	path := m.root
	if m.random.IntN(8) == 0 {
		path = filepath.Join(m.dir, "out")
	}
	for range 1 + m.random.IntN(4) {
		path = filepath.Join(path, []string{"a", "b", "c", "d", "target", "x\ny"}[m.random.IntN(6)])
	}
	return path
}

// step does one thing; many fail, as they do in life.
func (m *modelTree) step() {
	p, q := m.path(), m.path()
	var err error
	op := []string{"write", "write", "append", "rename", "rename", "remove", "removeall", "mkdir", "mkdir", "link", "chmod", "hard"}[m.random.IntN(12)]
	switch op {
	case "write":
		err = os.WriteFile(p, fmt.Append(nil, m.random.IntN(10)), 0o644)
	case "append":
		err = command("/", []string{"append", p, "x"})
	case "rename":
		err = syscall.Rename(p, q)
	case "remove":
		err = os.Remove(p)
	case "removeall":
		err = os.RemoveAll(p)
	case "mkdir":
		err = os.MkdirAll(p, 0o755)
	case "link":
		err = os.Symlink(q, p)
	case "chmod":
		err = os.Chmod(p, os.FileMode(0o700+m.random.IntN(0o77)))
	case "hard":
		err = os.Link(q, p)
	}
	if err == nil {
		m.log = append(m.log, op+" "+p+" "+q)
	}
}

// snapshot is every file and folder that is not left out, told independently of
// the watcher's own eyes.
func (m *modelTree) snapshot() map[string]string {
	found := make(map[string]string)
	for _, dir := range folders(m.t, m.root, nil) {
		entries, err := os.ReadDir(dir)
		must(m.t, err)
		for _, e := range entries {
			info, err := e.Info()
			must(m.t, err)
			path := filepath.Join(dir, e.Name())
			switch {
			case info.Mode().IsRegular():
				text, err := os.ReadFile(path)
				must(m.t, err)
				found[path] = info.Mode().String() + string(text)
				if info.Sys().(*syscall.Stat_t).Nlink > 1 {
					found[path] = shared + found[path]
				}
			case info.IsDir() && e.Name() == "target":
			case info.IsDir():
				found[path] = "folder"
			default:
				found[path] = info.Mode().Type().String()
			}
		}
	}
	return found
}

// shared begins the entry of a file with several names.
const shared = "shared "

// different is the paths whose entries differ, but for files with several names,
// in both: a write under one name makes no event under the others, and none at
// all when that name lies elsewhere (hard links are found at the next doubt).
func different(a, b map[string]string) (out []string) {
	for p, text := range a {
		if now, ok := b[p]; !ok || now != text && !strings.HasPrefix(now, shared) && !strings.HasPrefix(text, shared) {
			out = append(out, p)
		}
	}
	for p := range b {
		if _, ok := a[p]; !ok {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

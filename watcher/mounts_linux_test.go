package watcher

import (
	"path/filepath"
	"testing"
	"time"
)

// What is mounted, unmounted or mounted anew below a root, over it or above it
// is noticed at the next tick, and watched from then on. What is mounted anew
// above between two ticks looks as before; somebody who works there forbids it.
func TestMounts(t *testing.T) {
	for name, point := range map[string]string{
		"below": "p/r/a name\nof two lines", "over": "p/r", "above": "p",
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, poll bool) {
				dir := folderOf(t)
				root, point := filepath.Join(dir, "p", "r"), filepath.Join(dir, point)
				mkdir(t, point)
				mkdir(t, filepath.Join(root, "covered"))
				w := start(t, poll, Plan{Roots: []string{root}}, oftenTick)
				change := func(what string, do func()) {
					t.Helper()
					w.forget()
					do()
					for !w.covered(filepath.Join(point, "x")) && !w.seen[root] {
						w.next()
					}
					mkdir(t, filepath.Join(root, what, "sub"))
					w.rest()
					w.probe(root)
				}
				var unmount func()
				change("mounted", func() { unmount = mountTmpfs(t, point) })
				if !below(root, point) {
					change("mounted anew", func() { unmount(); unmount = mountTmpfs(t, point) })
				}
				change("twice", func() { mountTmpfs(t, point) })
				change("once", func() { unmount() })
			})
		})
	}
}

// A file may be mounted over another one.
func TestMountedFile(t *testing.T) {
	both(t, func(t *testing.T, poll bool) {
		dir := folderOf(t)
		root, file, other := filepath.Join(dir, "r"), filepath.Join(dir, "r", "f"), filepath.Join(dir, "other")
		mkdir(t, root)
		write(t, file, "x")
		write(t, other, "y")
		w := start(t, poll, Plan{Roots: []string{root}}, oftenTick)
		covered := func() {
			t.Helper()
			for !w.covered(file) {
				w.next()
			}
			w.rest()
		}
		unmount := bindMount(t, other, file)
		covered()
		unmount()
		covered()
	})
}

// What is mounted elsewhere, or where nobody looks, costs nothing.
func TestMountsElsewhere(t *testing.T) {
	dir := folderOf(t)
	root := filepath.Join(dir, "r")
	ignored, elsewhere := filepath.Join(root, "target"), filepath.Join(dir, "elsewhere")
	for _, path := range []string{ignored, elsewhere} {
		mkdir(t, path)
	}
	var s spy
	w := start(t, false, Plan{Roots: []string{root}}, oftenTick, s.option)
	for _, path := range []string{ignored, elsewhere} {
		mountTmpfs(t, path)
	}
	mounted := time.Now()
	w.until(func() bool { return time.Unix(0, s.nextDue.Load()).After(mounted.Add(5e6)) })
	w.quiet()
	if len(w.seen) > 0 || w.lost {
		t.Errorf("reported %q, Lost %v", keys(w.seen), w.lost)
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{`/a\040b\134c`: `/a b\c`, `/a\`: `/a\`, `/a\9z`: `/a\9z`, "": ""} {
		if got := unescape(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

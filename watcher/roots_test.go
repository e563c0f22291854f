package watcher

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A rooted case watches what it says, below the test's folder.
type rooted struct {
	name           string
	roots, outside string // words
	setup, script  string
	want, never    string
	probe          string   // roots in which every folder must be watched at the end; "": all of them
	options        []option // for what only the tick finds
}

func (c rooted) run(t *testing.T, poll bool) {
	dir := folderOf(t)
	run(t, dir, c.setup, nil)
	paths := func(text string) (out []string) {
		for _, word := range fields(t, text) {
			out = append(out, filepath.Join(dir, word))
		}
		return out
	}
	w := start(t, poll, Plan{Roots: paths(c.roots), Outside: paths(c.outside)}, c.options...)
	run(t, dir, c.script, w.quiet)
	for _, p := range paths(c.want) {
		w.await(p)
	}
	w.quiet()
	for _, p := range paths(c.never) {
		for seen := range w.seen {
			if seen == p || below(seen, p) {
				t.Errorf("%q is reported", seen)
			}
		}
	}
	if w.lost {
		t.Error("Lost without need")
	}
	if c.probe == "" {
		c.probe = c.roots
	}
	w.probe(paths(c.probe)...)
}

func TestRoots(t *testing.T) {
	many := strings.Builder{}
	roots := strings.Builder{}
	for i := range 500 {
		fmt.Fprintf(&many, "mkdir many/r%d\n", i)
		fmt.Fprintf(&roots, "many/r%d ", i)
	}
	for _, c := range []rooted{
		{name: "a link", roots: "l", setup: "mkdir r/sub\nlink l r", script: "write r/sub/f x", want: "l/sub/f", never: "r"},
		{name: "a link on the way", roots: "l/sub", setup: "mkdir r/sub\nlink l r", script: "write r/sub/f x", want: "l/sub/f", never: "r"},
		{name: "a relative link upwards", roots: "a/b/l", setup: "mkdir a/b\nmkdir x/r\nlink a/b/l ../../x/r", script: "write x/r/f x", want: "a/b/l/f", never: "x"},
		{name: "link and target", roots: "l r", setup: "mkdir r/sub\nlink l r", script: "write r/sub/f x", want: "l/sub/f r/sub/f"},
		{name: "missing at start", roots: "r", script: "mkdir r/a\nwrite r/a/f x", want: "r r/a/f"},
		{name: "missing with all above it", roots: "a/b/c/r", script: "mkdir a/b\nquiet\nmkdir a/b/c/r/s\nwrite a/b/c/r/s/f x", want: "a/b/c/r a/b/c/r/s/f", never: "a/b/c/x"},
		{name: "missing, moved in", roots: "a/r", setup: "mkdir b/r/s\nwrite b/r/s/f x", script: "mv b a", want: "a/r a/r/s/f"},
		{name: "a link to nothing", roots: "l", setup: "link l r/s", script: "mkdir r\nquiet\nmkdir r/s\nwrite r/s/f x", want: "l l/f"},
		{name: "a link in a circle", roots: "l", setup: "link l k\nlink k l", script: "rm l\nmkdir l/s\nwrite l/s/f x", want: "l l/s/f"},
		{name: "removed and made again", roots: "r", setup: "mkdir r/a\nwrite r/a/f x", script: "rmall r\nquiet\nmkdir r/a\nwrite r/a/f x", want: "r r/a/f"},
		{name: "removed and made again at once", roots: "r", setup: "mkdir r/a\nwrite r/a/f x", script: "rmall r\nmkdir r/b\nwrite r/b/g x", want: "r/b/g"},
		{name: "removed with the folder above", roots: "p/q/r", setup: "mkdir p/q/r/a", script: "rmall p\nquiet\nmkdir p\nmkdir p/q/r/a\nwrite p/q/r/a/f x", want: "p/q/r p/q/r/a/f"},
		{name: "replaced by rename", roots: "r", setup: "mkdir r/a\nmkdir n/b\nwrite n/b/f x", script: "mv r o\nmv n r\nwrite o/a/g x", want: "r r/b/f", never: "o r/a/g"},
		{name: "renamed and back", roots: "r", setup: "mkdir r/a", script: "mv r o\nquiet\nmv o r\nwrite r/a/f x", want: "r r/a/f"},
		{name: "swapped by link", roots: "l", setup: "mkdir v1/a\nmkdir v2/b\nwrite v2/b/f x\nlink l v1", script: "link k v2\nmv k l\nquiet\nwrite v1/a/g x", want: "l l/b/f", never: "l/a v1 v2"},
		{name: "a file, then a folder", roots: "r", setup: "write r x", script: "append r y\nquiet\nrm r\nmkdir r/a\nwrite r/a/f x", want: "r r/a/f"},
		{name: "the folder above renamed", roots: "p/r", setup: "mkdir p/r/a", script: "mv p o\nquiet\nmkdir p/r/b\nwrite p/r/b/f x\nwrite o/r/a/g x", want: "p/r p/r/b/f", never: "o p/r/a"},
		{name: "a folder far above renamed", roots: "p/q/s/r", setup: "mkdir p/q/s/r/a", script: "mv p o\nmkdir p/q/s/r/b\nwrite p/q/s/r/b/f x", want: "p/q/s/r p/q/s/r/b/f", options: []option{oftenTick}},
		{name: "overlapping", roots: "r r/a", setup: "mkdir r/a/b", script: "write r/a/b/f x\nmkdir r/a/c\nwrite r/a/c/f x", want: "r/a/b/f r/a/c/f"},
		{name: "overlapping, the inner one first", roots: "r/a r", setup: "mkdir r/a/b", script: "rmall r/a\nquiet\nmkdir r/a/c\nwrite r/a/c/f x", want: "r/a r/a/c/f"},
		{name: "given twice", roots: "r r r/a/..", setup: "mkdir r/a", script: "write r/a/f x", want: "r/a/f"},
		{name: "below ignored names", roots: "dist/target/r", setup: "mkdir dist/target/r/a\nmkdir dist/target/r/dist", script: "write dist/target/r/a/f x\nwrite dist/target/r/dist/o x", want: "dist/target/r/a/f", never: "dist/target/r/dist"},
		{name: "an ignored folder of another root", roots: "r r/target/c", setup: "mkdir r/target/c/src", script: "write r/target/c/src/f x\nwrite r/target/o x", want: "r/target/c/src/f", never: "r/target/o", probe: "r/target/c r"},
		{name: "an ignored folder of another root, made again", roots: "r r/target/c", setup: "mkdir r/target/c/src", script: "rmall r/target\nquiet\nmkdir r/target/c/src\nwrite r/target/c/src/f x", want: "r/target/c r/target/c/src/f", never: "r/target/o"},
		{name: "500", roots: roots.String(), setup: many.String(), script: "write many/r0/f x\nwrite many/r499/f x\nmkdir many/r7/a/b\nwrite many/r7/a/b/f x", want: "many/r0/f many/r499/f many/r7/a/b/f", probe: "many/r0 many/r250 many/r499"},
	} {
		t.Run(c.name, func(t *testing.T) { both(t, c.run) })
	}
}

func oftenTick(c *Config) { c.seams.idleTick = 5e6 }

func TestOutside(t *testing.T) {
	for _, c := range []rooted{
		{name: "a file written", roots: "r", outside: "o/f", setup: "mkdir r\nmkdir o\nwrite o/f x\nwrite o/g x", script: "append o/g y\nappend o/f y", want: "o/f", never: "o/g"},
		{name: "a file replaced by rename", roots: "r", outside: "o/f", setup: "mkdir r\nmkdir o\nwrite o/f x", script: "write o/t y\nmv o/t o/f", want: "o/f", never: "o/t"},
		{name: "a file replaced twice", roots: "r", outside: "o/f", setup: "mkdir r\nmkdir o\nwrite o/f x", script: "write o/t y\nmv o/t o/f\nquiet\nmv o/f o/u\nquiet\nwrite o/f z", want: "o/f", never: "o/t o/u"},
		{name: "a file that is missing", roots: "r", outside: "o/p/f", setup: "mkdir r", script: "mkdir o/p\nwrite o/p/f x", want: "o/p/f", never: "o/x"},
		{name: "a file removed", roots: "r", outside: "o/f", setup: "mkdir r\nmkdir o\nwrite o/f x", script: "rm o/f", want: "o/f"},
		{name: "a file behind a link", roots: "r", outside: "l", setup: "mkdir r\nmkdir o\nwrite o/f x\nwrite o/g y\nlink l o/f", script: "append o/f y", want: "l", never: "o"},
		{name: "a link to another file", roots: "r", outside: "l", setup: "mkdir r\nmkdir o\nwrite o/f x\nwrite o/g y\nlink l o/f", script: "link k o/g\nmv k l", want: "l", never: "o k"},
		{name: "a folder", roots: "r", outside: "o", setup: "mkdir r\nmkdir o/a\nmkdir o/target", script: "write o/a/f x\nmkdir o/b/c\nwrite o/b/c/g y\nwrite o/target/t x", want: "o/a/f o/b/c/g", never: "o/target", probe: "r o"},
		{name: "a folder that is missing", roots: "r", outside: "p/o", setup: "mkdir r", script: "mkdir p/o/a\nquiet\nwrite p/o/a/f x", want: "p/o p/o/a/f", probe: "r p/o"},
		{name: "a folder becomes a file", roots: "r", outside: "o", setup: "mkdir r\nmkdir o/a", script: "rmall o\nwrite o x\nquiet\nrm o\nmkdir o/b\nquiet\nwrite o/b/f x", want: "o o/b/f", probe: "r o"},
		{name: "a file inside a root, in an ignored folder", roots: "r", outside: "r/target/gen/f", setup: "mkdir r/target/gen\nwrite r/target/gen/f x", script: "append r/target/gen/f y\nwrite r/target/gen/g x", want: "r/target/gen/f", never: "r/target/gen/g"},
		{name: "that folder made again", roots: "r", outside: "r/target/gen/f", setup: "mkdir r/target/gen\nwrite r/target/gen/f x", script: "rmall r/target\nquiet\nmkdir r/target/gen\nwrite r/target/gen/f y\nwrite r/target/gen/g x", want: "r/target/gen/f", never: "r/target/gen/g"},
		{name: "a root and outside at once", roots: "r", outside: "r", setup: "mkdir r/a", script: "write r/a/f x", want: "r/a/f"},
	} {
		t.Run(c.name, func(t *testing.T) { both(t, c.run) })
	}
}

// A folder that is mounted, or linked by inode, under two names is polled under the second.
func TestSameFolderTwice(t *testing.T) {
	dir := folderOf(t)
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	mkdir(t, filepath.Join(a, "sub"))
	mkdir(t, b)
	bindMount(t, a, b)
	w := start(t, false, Plan{Roots: []string{a, b}})
	write(t, filepath.Join(a, "sub", "f"), "x")
	w.await(filepath.Join(a, "sub", "f"))
	w.await(filepath.Join(b, "sub", "f"))
	w.forget()
	must(t, os.Remove(filepath.Join(b, "sub", "f")))
	w.await(filepath.Join(a, "sub", "f"))
	w.await(filepath.Join(b, "sub", "f"))
}

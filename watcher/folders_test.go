package watcher

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFolders(t *testing.T) {
	const capsule = "mkdir out/c/src\nwrite out/c/Capsule.toml x\nwrite out/c/src/main.go x\nmkdir out/c/target\nwrite out/c/target/o x"
	runAll(t, []scripted{
		{name: "mkdir -p and write", script: "mkdir r/a/b/c\nwrite r/a/b/c/f x", want: "r/a r/a/b/c/f"},
		{name: "many mkdir -p and write", script: manyFolders(), want: "r/m0/b/c/f r/m39/b/c/f"},
		{name: "copy of a tree", setup: capsule, script: "copy out/c r/c",
			want: "r/c r/c/Capsule.toml r/c/src/main.go", never: "r/c/target"},
		{name: "moved in finished", setup: capsule, script: "mv out/c r/c",
			want: "r/c r/c/Capsule.toml r/c/src/main.go", never: "r/c/target"},
		{name: "moved out, and changes there", setup: "mkdir out\nmkdir r/c/src\nwrite r/c/src/f x", want: "r/c", never: "r/c/src", script: `
			mv r/c out/c
			quiet
			write out/c/src/f new`},
		{name: "moved out and back", setup: "mkdir out\nmkdir r/c/src", want: "r/c/src/f", script: `
			mv r/c out/c
			write out/c/src/f x
			mv out/c r/c`},
		{name: "renamed", setup: "mkdir r/c/src\nwrite r/c/src/f x", want: "r/c r/d r/d/src/f", never: "r/c/src", script: `
			mv r/c r/d
			write r/d/src/f new`},
		{name: "renamed twice and written in between", setup: "mkdir r/c/src\nwrite r/c/src/f x", want: "r/c r/e r/e/src/f r/e/src/g", script: `
			mv r/c r/d
			write r/d/src/g x
			mv r/d r/e`},
		{name: "two swap names", setup: "mkdir r/c/x\nmkdir r/d/y", want: "r/c r/d", script: `
			mv r/c r/t
			mv r/d r/c
			mv r/t r/d`},
		{name: "moved down into another", setup: "mkdir r/c/x\nmkdir r/d/y", want: "r/c r/d/y/c", script: "mv r/c r/d/y/c"},
		{name: "moved up over an empty one", setup: "mkdir r/a/b/c\nwrite r/a/b/c/f x\nmkdir r/e", want: "r/a/b r/e r/e/c/f", script: "mv r/a/b r/e"},
		{name: "swapped by link", setup: "mkdir v1\nmkdir v2\nwrite v2/f x\nmkdir r/c\nwrite r/c/g x", want: "r/c", never: "r/c/f", script: `
			rmall r/c
			link r/c ../v2
			quiet
			write v2/f new`},
		{name: "link becomes a folder", setup: "mkdir v1/sub\nlink r/c ../v1", want: "r/c r/c/sub/f", script: `
			rm r/c
			mv v1 r/c
			write r/c/sub/f x`},
		{name: "links are not followed", setup: "mkdir out/d\nwrite out/f x\nlink r/l ../out\nlink r/k ../out/f", never: "r", script: `
			write out/f new
			write out/d/g x`},
		{name: "removed and made again", setup: "mkdir r/c/src", want: "r/c/src/f", script: `
			rmall r/c
			mkdir r/c/src
			write r/c/src/f x`},
		{name: "a file in its place, and back", setup: "mkdir r/c/src\nwrite r/c/src/f x", want: "r/c r/c/src/g", script: `
			rmall r/c
			write r/c x
			quiet
			rm r/c
			mkdir r/c/src
			write r/c/src/g x`},
		{name: "a file in its place at once", setup: "mkdir r/c", want: "r/c/f", script: `
			rm r/c
			write r/c x
			rm r/c
			mkdir r/c
			write r/c/f x`},
		{name: "60 levels", script: "deep r/deep 60\nwrite r/deep" + strings.Repeat("/d", 60) + "/f x", want: "r/deep" + strings.Repeat("/d", 60) + "/f"},
		{name: "60 levels moved", setup: "deep out/deep 60\nwrite out/deep" + strings.Repeat("/d", 60) + "/f x", script: "mv out/deep r/deep",
			want: "r/deep" + strings.Repeat("/d", 60) + "/f"},
		{name: "newlines and bytes that are no text", script: `
			mkdir "r/a\nb/\xff\xfe"
			write "r/a\nb/\xff\xfe/\n\x80" x`, want: `"r/a\nb/\xff\xfe/\n\x80"`},
		{name: "names that look like something", script: `
			mkdir r/.../sub
			write r/.../sub/f x
			mkdir "r/\\x"
			write "r/\\x/*" x`, want: `r/.../sub/f "r/\\x/*"`},
		{name: "ignored folders", setup: "mkdir r/target/debug\nmkdir r/c/node_modules/m", want: "r/c/f", never: "r/target r/c/node_modules r/dist", script: `
			write r/target/debug/o x
			write r/c/node_modules/m/i.js x
			mkdir r/dist
			write r/dist/a.wasm x
			quiet
			rmall r/dist
			rmall r/target
			mkdir r/target
			write r/c/f x`},
		{name: "an ignored name becomes another", setup: "mkdir r/dist/a\nwrite r/dist/a/f x", want: "r/kept r/kept/a/f", never: "r/dist", script: "mv r/dist r/kept"},
		{name: "a name becomes ignored", setup: "mkdir r/kept/a\nwrite r/kept/a/f x", want: "r/kept", never: "r/dist", script: `
			mv r/kept r/dist
			write r/dist/a/f new`},
		{name: "an ignored folder in a file's place", setup: "write r/target x", want: "r/target", never: "r/target/o", script: `
			rm r/target
			mkdir r/target
			write r/target/o x`},
		{name: "a file named like an ignored folder", script: "write r/target x", want: "r/target"},
	})
}

func manyFolders() string {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "mkdir r/m%d/b/c\nwrite r/m%d/b/c/f x\n", i, i)
	}
	return b.String()
}

// An unreadable folder is entered when it becomes readable.
func TestUnreadableFolder(t *testing.T) {
	both(t, func(t *testing.T, poll bool) {
		if os.Geteuid() == 0 {
			reexecAsNobody(t)
			return
		}
		root := folderOf(t)
		closed := filepath.Join(root, "closed")
		mkdir(t, filepath.Join(closed, "sub"))
		must(t, os.Chmod(closed, 0))
		t.Cleanup(func() { os.Chmod(closed, 0o755) })
		w := start(t, poll, Plan{Roots: []string{root}})
		must(t, os.Chmod(closed, 0o755))
		w.await(closed)
		w.probe(root)
	})
}

package toolchain

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// The go command is asked again where it may say something else, and only there. The edits follow each other.
func TestGoIsAskedWhereItMatters(t *testing.T) {
	testkit.Long(t)
	env := needs(t, "go")
	dir := t.TempDir()
	write := func(name, text string) { testkit.Write(t, filepath.Join(dir, filepath.FromSlash(name)), text) }
	source := func(imports, rest string) string { return fmt.Sprintf(wasmMain, imports) + rest }
	write("Capsule.toml", manifest)
	write("go.mod", "module cap\n\ngo 1.24\n")
	write("main.go", source("", ""))
	write("gen/gen.go", "package gen\n")
	write("lib/go.mod", "module lib.example\n\ngo 1.24\n")
	write("lib/lib.go", "package lib\n")
	const embeds = "//go:embed text\nvar T string\n"
	for _, edit := range []struct {
		name  string
		do    func()
		asked bool
	}{
		{"the first time", func() {}, true},
		{"nothing", func() {}, false},
		{"a body", func() { write("main.go", source("", "func f() int { return 1 }\n")) }, false},
		{"a comment behind the imports", func() { write("main.go", source("", "// import \"cap/gen\"\n")) }, false},
		{"a folder that nobody imports", func() { write("other/other.go", "package other\n") }, false},
		{"an import", func() { write("main.go", source("import _ \"cap/gen\"", "")) }, true},
		{"a body beside an import", func() { write("main.go", source("import _ \"cap/gen\"", "var a = 1\n")) }, false},
		{"the body of another package", func() { write("gen/gen.go", "package gen\n\nvar B = 2\n") }, false},
		{"an import of another package", func() { write("gen/gen.go", "package gen\n\nimport _ \"cap/other\"\n") }, true},
		{"a source more", func() { write("more.go", "package main\n") }, true},
		{"its constraint", func() { write("more.go", "//go:build !wasip1\n\npackage main\n") }, true},
		{"a source less", func() { testkit.Check(t, os.Remove(filepath.Join(dir, "more.go"))) }, true},
		{"go.mod", func() { write("go.mod", "module cap\n\ngo 1.24.0\n") }, true},
		{"a file that is embedded", func() {
			write("text", "x")
			write("main.go", source("import _ \"embed\"", embeds))
		}, true},
		{"each time while one is", func() {}, true},
		{"no more", func() { write("main.go", source("", "")) }, true},
		{"a package that is missing", func() { write("main.go", source("import _ \"cap/absent\"", "")) }, true},
		{"each time while it is", func() {}, true},
		{"not any more", func() { write("absent/a.go", "package absent\n") }, true},
		{"a replacement", func() { write("go.mod", "module cap\n\ngo 1.24\n\nreplace lib.example => ./lib\n") }, true},
		{"each time while there is one", func() {}, true},
		{"none again", func() { write("go.mod", "module cap\n\ngo 1.24\n") }, true},
		{"a workspace", func() { write("go.work", "go 1.24\n\nuse .\n") }, true},
		{"each time in one", func() {}, true},
	} {
		edit.do()
		time.Sleep(2 * settling) // what changes right before a question may have changed after it
		plan, err := For(t.Context(), request(t, dir, env))
		testkit.Check(t, err)
		// A mark that the go command does not give tells whether it was asked.
		const mark = "\x00remembered"
		goLists.Lock()
		for at, list := range goLists.of {
			if at[0] == dir {
				list.files = append([]string{mark}, list.files...)
				goLists.of[at] = list
			}
		}
		goLists.Unlock()
		got, err := plan.Outside(t.Context())
		testkit.Check(t, err)
		asked := true
		for i, path := range got {
			if strings.HasPrefix(path, mark) {
				asked = false
				got = append(got[:i:i], got[i+1:]...)
				break
			}
		}
		if asked != edit.asked {
			t.Errorf("%s: the go command was asked: %v", edit.name, asked)
		}
		goLists.Lock()
		for at, list := range goLists.of {
			if at[0] == dir && list.files[0] == mark {
				list.files = list.files[1:]
				goLists.of[at] = list
			}
		}
		kept := goLists.of
		goLists.of = map[[2]string]goList{}
		goLists.Unlock()
		want, err := plan.Outside(t.Context())
		testkit.Check(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-asked anew +got):\n%s", edit.name, diff)
		}
		goLists.Lock()
		goLists.of = kept
		goLists.Unlock()
	}
}

// What the go command reads of a source ends with its imports.
func TestGoHead(t *testing.T) {
	for source, want := range map[string]string{
		"//go:build x\n\npackage a\n\nvar b = 1\n":                           "//go:build x\n\npackage a",
		"package a\n\nimport (\n\t\"b\"\n)\nimport c \"d\"\n\nfunc e() {}\n": "package a\n\nimport (\n\t\"b\"\n)\nimport c \"d\"",
		"package a\n\nimport \"C\"\n\nvar b = 1\n":                           "package a\n\nimport \"C\"\n\nvar b = 1\n",
		"package a\n\n//go:embed x\nvar b string\n":                          "package a\n\n//go:embed x\nvar b string\n",
		"pakage a\n\nvar b = 1\n":                                            "pakage a\n\nvar b = 1\n",
		"package a\n\nvar b = (\n":                                           "package a",
		"":                                                                   "",
	} {
		if got := string(goHead([]byte(source))); got != want {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
	}
}

package scaffold

import (
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/examples"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

var update = flag.Bool("update", false, "copy examples/hello-go to where it can be embedded")

// tracked reads a folder of the repository without what builds leave in it.
func tracked(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{"target", "dist", "node_modules"}, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) == ".wasm" {
			return nil
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func texts(t *testing.T, lang, name string) map[string]string {
	t.Helper()
	files, err := Scaffold(lang, name)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for path, data := range files {
		out[path] = string(data)
	}
	return out
}

// TestScaffoldIsTheExample: under its own name, a new capsule is the example to the byte.
func TestScaffoldIsTheExample(t *testing.T) {
	for _, l := range languages {
		t.Run(l.Name, func(t *testing.T) {
			example := tracked(t, filepath.Join("..", "..", "examples", l.example))
			if l.Name == "go" && *update {
				for path, text := range example {
					if err := os.WriteFile(filepath.Join("hello-go", path+".txt"), []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				return // what is embedded was read when this was compiled
			}
			got := texts(t, l.Name, l.example)
			delete(got, ".gitignore")
			if text := got[agentsFile]; strings.Count(text, "\n") > 12 || !strings.Contains(text, "astrid-dev wait") {
				t.Errorf("agents are told: %s", text)
			}
			delete(got, agentsFile)
			if diff := cmp.Diff(example, got); diff != "" {
				t.Errorf("an edit of the example that is to stay, run: go test ./builder/scaffold -update, or name the file in examples/examples.go; one made for the demo, run: git checkout examples\n%s", diff)
			}
		})
	}
}

// TestScaffoldIsNew: nothing of the example's name is left.
func TestScaffoldIsNew(t *testing.T) {
	for _, l := range languages {
		for path, text := range texts(t, l.Name, "quick-fox") {
			if strings.Contains(text, l.example) || strings.Contains(text, underscored(l.example)) || strings.Contains(path, l.example) {
				t.Errorf("%s: %s still holds the example's name", l.Name, path)
			}
		}
		m, findings := capsule.Parse("Capsule.toml", []byte(texts(t, l.Name, "quick-fox")["Capsule.toml"]))
		if len(findings) > 0 || m.Package.Name != "quick-fox" || m.Components[0].File != "quick_fox.wasm" {
			t.Errorf("%s: %v %q %v", l.Name, findings, m.Package.Name, m.Components)
		}
	}
}

func TestScaffoldRefuses(t *testing.T) {
	for _, c := range []struct{ lang, name, want string }{
		{"cobol", "x", "choose one of sdk, js, c, zig, rust, assemblyscript, go"}, {"go", "", "cannot be called"}, {"go", "../x", "cannot be called"},
		{"go", "Upper", "cannot be called"}, {"go", "a--b", "cannot be called"}, {"go", "a-1", "cannot be called"}, {"go", "x\n", "cannot be called"},
		{"c", strings.Repeat("x", 65), "64 is the most"}, {"rust", "proc-macro", "something else to Rust"}, {"sdk", "crate", "something else to Rust"}, {"go", "time", "package of Go's own"},
	} {
		if files, err := Scaffold(c.lang, c.name); err == nil || !strings.Contains(err.Error(), c.want) || files != nil {
			t.Errorf("%s %q: %v, want %s", c.lang, c.name, err, c.want)
		}
	}
}

// TestEmbeddedNothingElse: what the package carries is what git knows.
func TestEmbeddedNothingElse(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "-z", "../../examples").Output()
	if err != nil {
		testkit.Skip(t, "a git checkout is needed for this test: %v", err)
	}
	var want []string
	for _, path := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		path = strings.TrimPrefix(path, "../../examples/")
		// hello-go is embedded as text.
		if strings.HasPrefix(path, "hello-") && !strings.HasPrefix(path, "hello-go/") {
			want = append(want, path)
		}
	}
	var got []string
	err = fs.WalkDir(examples.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			got = append(got, path)
		}
		return err
	})
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// TestLockIsInOrder: cargo writes a lock file anew whose packages are in another order, and a
// build that changes its inputs is made twice.
func TestLockIsInOrder(t *testing.T) {
	for _, name := range []string{"aardvark", "greeter", "zebra"} {
		var names []string
		for line := range strings.Lines(texts(t, "sdk", name)["Cargo.lock"]) {
			if strings.HasPrefix(line, "name = ") {
				names = append(names, line)
			}
		}
		if !slices.IsSorted(names) || len(names) < 20 || !slices.Contains(names, "name = \""+name+"\"\n") {
			t.Errorf("%s: %q", name, names)
		}
	}
}

func TestLockFilesNameNoHost(t *testing.T) {
	for _, lang := range []string{"js", "assemblyscript"} {
		if lock := texts(t, lang, "x")["package-lock.json"]; strings.Contains(lock, `"resolved"`) || !strings.Contains(lock, `"integrity"`) {
			t.Errorf("%s: the lock file names where packages come from; write it with npm install --omit-lockfile-registry-resolved", lang)
		}
	}
}

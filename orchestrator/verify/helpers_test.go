package verify

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify/workspace"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

func TestMain(m *testing.M) {
	testkit.Handle(builder.Main)
	os.Exit(m.Run())
}

// wasm is a shell command that writes the smallest module.
const wasm = `printf '\000asm\001\000\000\000' > "$CAPSULE_OUT"`

// capsuleAt makes a capsule that a shell script builds.
func capsuleAt(t testing.TB, dir, name, script string, more ...string) {
	t.Helper()
	testkit.Write(t, filepath.Join(dir, "Capsule.toml"), fmt.Sprintf(`[package]
name = %q
version = "0.1.0"

[[component]]
id = %[1]q
file = "%[1]s.wasm"

[package.metadata.astrid-dev]
build = ["sh", "build.sh"]
%s`, name, strings.Join(more, "\n")))
	testkit.Write(t, filepath.Join(dir, "build.sh"), "set -e\n"+script+"\n")
}

func commit(t testing.TB, dir string) {
	t.Helper()
	if !workspace.Exists(filepath.Join(dir, ".git")) {
		testkit.Git(t, dir, "init", "-q")
	}
	testkit.Git(t, dir, "add", "-A")
	testkit.Git(t, dir, "commit", "-q", "--allow-empty", "-m", "state")
}

// verified runs verify over all capsules in root.
func verified(t testing.TB, root string, cfg Config) *report.Report {
	t.Helper()
	r, err := runIn(t, root, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func runIn(t testing.TB, root string, cfg Config) (*report.Report, error) {
	t.Helper()
	if runtime.GOOS == "windows" {
		testkit.Needs(t, "sh")
	}
	found, err := tree.Find(context.Background(), tree.Search{Roots: []string{root}, Nested: true})
	dirs := found.Capsules
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir() // so that what is left shows
	t.Setenv("TMPDIR", temp)
	cfg.Dirs = dirs
	r, err := Run(t.Context(), cfg)
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left behind in the temporary folder: %v", left)
	}
	return r, err
}

// found is the capsule called name in the report's dirs.
func found(t testing.TB, r *report.Report, dir string) *report.Capsule {
	t.Helper()
	for i := range r.Capsules {
		if r.Capsules[i].Dir == dir {
			return &r.Capsules[i]
		}
	}
	t.Fatalf("no capsule %q in the report", dir)
	return nil
}

func dirsOf(r *report.Report) (list []string) {
	for _, c := range r.Capsules {
		list = append(list, c.Dir)
	}
	return list
}

// codes are a step's findings of error severity as "code file".
func errorsOf(s *report.Step) (list []string) {
	for _, f := range s.Findings {
		if f.Severity == 0 {
			list = append(list, strings.TrimSpace(string(f.Code)+" "+f.File))
		}
	}
	slices.Sort(list)
	return list
}

// state is everything about a tree that a program could change.
func state(t testing.TB, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all[path] = fmt.Sprint(info.Mode(), info.ModTime().UnixNano(), info.Size())
		if d.Type().IsRegular() {
			data, err := os.ReadFile(path)
			all[path] += fmt.Sprintf(" %x", data)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

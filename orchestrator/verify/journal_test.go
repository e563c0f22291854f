package verify

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// A run that is stopped in the middle goes on where it was; what has changed since is built, and
// so is what was noted for other flags, or half.
func TestJournal(t *testing.T) {
	testkit.Long(t)
	testkit.Needs(t, "sh")
	root, file := t.TempDir(), filepath.Join(t.TempDir(), "new", "journal")
	count := filepath.Join(t.TempDir(), "runs")
	var dirs []string
	for _, name := range []string{"a", "b", "c"} {
		dir := filepath.Join(root, name)
		testkit.Write(t, filepath.Join(dir, "Capsule.toml"), "[package]\nname = \""+name+"\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"x.wasm\"\n[package.metadata.astrid-dev]\n"+
			"build = [\"sh\", \"-c\", '''echo "+name+" >> \"$RUNS\"; cat source > \"$CAPSULE_OUT\"''']\nenv = { RUNS = '"+count+"' }\n")
		testkit.Write(t, filepath.Join(dir, "source"), string(testkit.Core()))
		dirs = append(dirs, dir)
	}
	verify := func(strict bool, until int) *report.Report {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r, err := Run(ctx, Config{Dirs: dirs, Journal: file, Strict: strict, Progress: func(p Progress) {
			if p.Ended != "" && p.Done == until {
				cancel()
			}
		}})
		testkit.Check(t, err)
		return r
	}
	runs := func() string {
		data, err := os.ReadFile(count)
		testkit.Check(t, err)
		os.Remove(count)
		return strings.ReplaceAll(string(data), "\n", "")
	}
	if r := verify(false, 2); !r.Interrupted || runs() != "ab" {
		t.Fatalf("the run was not stopped: %+v", r.Summary)
	}
	noted, err := os.ReadFile(file)
	testkit.Check(t, err)
	if r := verify(false, 0); r.Summary.Passed != 3 || len(r.Capsules[0].Artifacts) != 1 || runs() != "c" {
		t.Errorf("it went on with %+v", r.Summary)
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the journal of a run that ended is there: %v", err)
	}
	for name, c := range map[string]struct {
		journal []byte
		strict  bool
		want    string
	}{
		"other flags":  {noted, true, "abc"},
		"half a line":  {noted[:len(noted)-9], false, "bc"},
		"half the one": {noted[:9], false, "abc"},
	} {
		testkit.Write(t, file, string(c.journal))
		if verify(c.strict, 0); runs() != c.want {
			t.Errorf("%s: not %s was built", name, c.want)
		}
		os.Remove(file)
	}
	testkit.Write(t, file, string(noted))
	testkit.Write(t, filepath.Join(dirs[0], "source"), string(testkit.Core())+"\x00\x01\x00")
	if verify(false, 0); runs() != "ac" {
		t.Error("what has changed was not built")
	}
	testkit.Write(t, file, string(bytes.ToUpper([]byte("no journal\n"))))
	var wrong *usage.Error
	if _, err := Run(t.Context(), Config{Dirs: dirs, Journal: file}); !errors.As(err, &wrong) {
		t.Errorf("another file was taken for a journal: %v", err)
	}
	if got := testkit.Read(t, file); got != "NO JOURNAL\n" {
		t.Errorf("somebody's file holds %q now", got)
	}
}

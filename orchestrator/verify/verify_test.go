package verify

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify/workspace"
)

// faults are one capsule for each kind, and what is said of it: step -> "code file" of every error.
var faults = []struct {
	dir, script string
	more        func(t *testing.T, dir string)
	want        map[report.StepName][]string
}{
	{"sound", wasm, nil, nil},
	{"with a blank", wasm, nil, nil},
	{"fails", `echo 'main.c:3:5: error: no such thing' >&2; exit 3`, nil, map[report.StepName][]string{report.StepBuild: {"main.c"}}},
	{"silent", `exit 1`, nil, map[report.StepName][]string{report.StepBuild: {"build-failed Capsule.toml"}}},
	{"writes-nothing", `:`, nil, map[report.StepName][]string{report.StepBuild: {"output-missing Capsule.toml"}}},
	{"no-wasm", `echo text > "$CAPSULE_OUT"`, nil, map[report.StepName][]string{report.StepSmoke: {"smoke-not-wasm Capsule.toml"}}},
	{"changes", `echo more >> data; rm lost; echo new > made;` + wasm, func(t *testing.T, dir string) {
		testkit.Write(t, filepath.Join(dir, "data"), "some\n")
		testkit.Write(t, filepath.Join(dir, "lost"), "some\n")
	}, map[report.StepName][]string{report.StepNoMutation: {"build-changes-input data", "build-changes-input lost", "build-changes-input made"}}},
	{"changes-and-fails", `echo more >> data; exit 1`, func(t *testing.T, dir string) {
		testkit.Write(t, filepath.Join(dir, "data"), "some\n")
	}, map[report.StepName][]string{report.StepBuild: {"build-failed Capsule.toml"}, report.StepNoMutation: {"build-changes-input data"}}},
	{"touches", `cat data > copy; cat copy > data; rm copy;` + wasm, func(t *testing.T, dir string) {
		testkit.Write(t, filepath.Join(dir, "data"), "some\n")
	}, nil},
	{"bad-version", wasm, func(t *testing.T, dir string) {
		edit(t, filepath.Join(dir, "Capsule.toml"), `"0.1.0"`, `"1.0"`)
	}, map[report.StepName][]string{report.StepCheck: {"package-version Capsule.toml"}}},
	{"no-toml", wasm, func(t *testing.T, dir string) {
		testkit.Write(t, filepath.Join(dir, "Capsule.toml"), "[package")
	}, map[report.StepName][]string{report.StepCheck: {"manifest-syntax Capsule.toml"}}},
	{"no-tool", wasm, func(t *testing.T, dir string) {
		edit(t, filepath.Join(dir, "Capsule.toml"), `"sh"`, `"no-such-tool-at-all"`)
	}, map[report.StepName][]string{report.StepBuild: {"tool-missing Capsule.toml"}}},
	{"committed-other", wasm, func(t *testing.T, dir string) {
		testkit.Write(t, filepath.Join(dir, "committed-other.wasm"), "another module")
	}, map[report.StepName][]string{report.StepCheck: {"component-file-taken Capsule.toml"}, report.StepPublishedArtifact: {"committed-module-differs Capsule.toml"}}},
	{"committed-pointer", wasm, func(t *testing.T, dir string) {
		testkit.Write(t, filepath.Join(dir, "committed-pointer.wasm"), "version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("0", 64)+"\nsize 8\n")
	}, map[report.StepName][]string{report.StepCheck: {"component-file-taken Capsule.toml"}, report.StepPublishedArtifact: {"committed-module-differs Capsule.toml"}}},
	{"declares-other", wasm, func(t *testing.T, dir string) {
		edit(t, filepath.Join(dir, "Capsule.toml"), "id = ", "hash = \""+strings.Repeat("0", 64)+"\"\nid = ")
	}, map[report.StepName][]string{report.StepPublishedArtifact: {"declared-hash-differs Capsule.toml"}}},
	{"static", wasm, func(t *testing.T, dir string) {
		testkit.Write(t, filepath.Join(dir, "Capsule.toml"), "[package]\nname = \"static\"\nversion = \"1.0.0\"\n")
	}, nil},
}

func edit(t testing.TB, path, old, new string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%q is not in %s (%v)", old, path, err)
	}
	testkit.Write(t, path, strings.Replace(string(data), old, new, 1))
}

// everyFault makes all of them in one repository.
func everyFault(t *testing.T) string {
	root := testkit.Folder(t)
	for _, f := range faults {
		dir := filepath.Join(root, f.dir)
		capsuleAt(t, dir, strings.ReplaceAll(f.dir, " ", "-"), f.script)
		if f.more != nil {
			f.more(t, dir)
		}
	}
	return root
}

func TestEveryFaultIsFoundAndNoneInvented(t *testing.T) {
	testkit.Long(t)
	testkit.Needs(t, "sh")
	root := everyFault(t)
	commit(t, root)
	before := state(t, root)
	r := verified(t, root, Config{Jobs: 2, CheckArtifact: true})
	if diff := cmp.Diff(before, state(t, root)); diff != "" {
		t.Errorf("the tree was changed:\n%s", diff)
	}
	if len(r.Capsules) != len(faults) {
		t.Errorf("%d capsules, want %d", len(r.Capsules), len(faults))
	}
	for _, f := range faults {
		c := found(t, r, f.dir)
		for i := range c.Steps {
			s := &c.Steps[i]
			want, expected := f.want[s.Name]
			if failed := s.Verdict == report.Failed; failed != expected {
				t.Errorf("%s: %s is %s: %v", f.dir, s.Name, s.Verdict, s.Findings)
			}
			if diff := cmp.Diff(want, errorsOf(s)); diff != "" {
				t.Errorf("%s: %s: %s", f.dir, s.Name, diff)
			}
			if s.Verdict == report.NotRun && s.Reason == "" {
				t.Errorf("%s: %s was not run for no reason", f.dir, s.Name)
			}
		}
	}
	if c := found(t, r, "static"); c.Step(report.StepBuild).Verdict != report.Skipped {
		t.Errorf("a capsule without components: %+v", c)
	}
	if s := found(t, r, "committed-pointer").Step(report.StepPublishedArtifact); !strings.Contains(s.Findings[0].Hint, "git lfs pull") {
		t.Errorf("a pointer of Git LFS: %+v", s.Findings)
	}
	if s := found(t, r, "touches").Step(report.StepNoMutation); len(s.Findings) != 1 || s.Findings[0].Code != "build-touches-input" {
		t.Errorf("touches: %+v", s.Findings)
	}
}

func TestNothingIsInvented(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "sound"), "sound", wasm)
	r := verified(t, root, Config{Repro: true, CheckArtifact: true})
	c := found(t, r, ".")
	for i := range c.Steps {
		if list := errorsOf(&c.Steps[i]); len(list) > 0 {
			t.Errorf("%s: %v", c.Steps[i].Name, list)
		}
	}
	if v := c.Step(report.StepReproducible).Verdict; v != report.Passed {
		t.Errorf("reproducible: %s", v)
	}
	if s := c.Step(report.StepPublishedArtifact); s.Verdict != report.Skipped || s.Reason == "" {
		t.Errorf("published-artifact: %+v", s)
	}
	if c.Verdict != report.Passed || r.Interrupted {
		t.Errorf("%s, interrupted %v", c.Verdict, r.Interrupted)
	}
}

func TestStrictFailsWhatTheKernelRefuses(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "core"), "core", wasm)
	if s := found(t, verified(t, root, Config{}), ".").Step(report.StepKernelReady); s.Verdict != report.Passed || len(s.Findings) == 0 {
		t.Errorf("without --strict: %+v", s)
	}
	c := found(t, verified(t, root, Config{Strict: true}), ".")
	if s := c.Step(report.StepKernelReady); s.Verdict != report.Failed || c.Step(report.StepSmoke).Verdict != report.Passed {
		t.Errorf("with --strict: %+v", c.Steps)
	}
}

func TestTwoRunsSayTheSame(t *testing.T) {
	testkit.Long(t)
	testkit.Needs(t, "sh")
	root := everyFault(t)
	capsuleAt(t, filepath.Join(root, "says-where"), "says-where", `echo "$PWD" "$TMPDIR" >&2; exit 1`)
	one := func() string {
		var b bytes.Buffer
		if err := report.JSON(&b, verified(t, root, Config{Jobs: 4, Repro: true, CheckArtifact: true}).WithoutTimes()); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	// A build's own temporary folder has a random name, which only such a build shows.
	first, second := one(), one()
	if diff := cmp.Diff(first, second); diff != "" && !strings.Contains(diff, "says-where") {
		t.Errorf("the second run says:\n%s", diff)
	}
	if strings.Contains(first, "astrid-dev-verify") {
		t.Error("the copy's name is in the report")
	}
}

func TestReportFollowsItsSchema(t *testing.T) {
	testkit.Needs(t, "sh")
	root := everyFault(t)
	var b bytes.Buffer
	if err := report.JSON(&b, *verified(t, root, Config{Jobs: 4, CheckArtifact: true, FailFast: true})); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../report/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(report.SchemaID, schema); err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.MustCompile(report.SchemaID).Validate(document); err != nil {
		t.Error(err)
	}
}

func TestReadOnlyCheckout(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "one"), "one", `cat data > "$CAPSULE_OUT.new"; echo again > ignored; mkdir -p target dist; `+wasm)
	testkit.Write(t, filepath.Join(root, "one", "data"), "x")
	testkit.Write(t, filepath.Join(root, "one", "ignored"), "x")
	edit(t, filepath.Join(root, "one", "Capsule.toml"), "build = ", "ignore = [\"ignored\"]\nbuild = ")
	commit(t, root)
	// Same bytes, another time: git's index no longer fits, and git would like to mend it.
	if err := os.Chtimes(filepath.Join(root, "one", "data"), time.Time{}, time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	all := slices.Sorted(maps.Keys(state(t, root)))
	for _, path := range slices.Backward(all) {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, info.Mode().Perm()&^0o222); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(path, info.Mode().Perm()) })
	}
	before := state(t, root)
	r := verified(t, root, Config{Repro: true, CheckArtifact: true, ChangedSince: "HEAD~0"})
	if len(r.Capsules) != 0 {
		t.Errorf("nothing changed, yet %v was verified", dirsOf(r))
	}
	if c := found(t, verified(t, root, Config{Repro: true}), "one"); c.Verdict != report.Passed {
		t.Errorf("%+v", c)
	}
	if diff := cmp.Diff(before, state(t, root)); diff != "" {
		t.Errorf("the tree was changed:\n%s", diff)
	}
}

func TestRecordsAreNotBelievedAndIntentsNotCompleted(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	dir := filepath.Join(root, "one")
	capsuleAt(t, dir, "one", wasm)
	testkit.Write(t, filepath.Join(dir, "target", "astrid-dev", "intent.json"), `{"version":1}`)
	testkit.Write(t, filepath.Join(dir, "target", "astrid-dev", "record.json"), `{"version":1}`)
	before := state(t, root)
	if c := found(t, verified(t, root, Config{}), "."); c.Verdict != report.Passed {
		t.Errorf("%+v", c)
	}
	if diff := cmp.Diff(before, state(t, root)); diff != "" {
		t.Errorf("the tree was changed:\n%s", diff)
	}
}

func TestInterruptedRunIsReported(t *testing.T) {
	testkit.Needs(t, "sh")
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	root := testkit.Folder(t)
	ready := filepath.Join(t.TempDir(), "ready")
	capsuleAt(t, filepath.Join(root, "a"), "a", wasm)
	capsuleAt(t, filepath.Join(root, "b"), "b", `echo > "`+ready+`"; exec sleep 1000`)
	capsuleAt(t, filepath.Join(root, "c"), "c", wasm)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !workspace.Exists(ready) && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	r, err := Run(ctx, Config{Dirs: []string{filepath.Join(root, "a"), filepath.Join(root, "b"), filepath.Join(root, "c")}})
	<-done
	if err != nil || !r.Interrupted {
		t.Fatalf("%v, %+v", err, r)
	}
	for dir, want := range map[string]report.Verdict{"a": report.Passed, "b": report.NotRun, "c": report.NotRun} {
		if c := found(t, r, filepath.ToSlash(dir)); c.Verdict != want || want == report.NotRun && c.Reason == "" {
			t.Errorf("%s: %s, %q", dir, c.Verdict, c.Reason)
		}
	}
}

func TestTimeoutEndsTheRun(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "hangs"), "hangs", `sleep 1000 & exec sleep 1000`)
	r := verified(t, root, Config{Timeout: 500 * time.Millisecond})
	c := r.Capsules[0]
	if !r.Interrupted || c.Verdict != report.NotRun || !strings.Contains(c.Reason, "--timeout") {
		t.Errorf("interrupted %v, %s, %q", r.Interrupted, c.Verdict, c.Reason)
	}
}

func TestFailFastStopsTheRest(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	capsuleAt(t, filepath.Join(root, "a"), "a", wasm)
	capsuleAt(t, filepath.Join(root, "b"), "b", `exit 1`)
	capsuleAt(t, filepath.Join(root, "c"), "c", wasm)
	r := verified(t, root, Config{FailFast: true})
	if r.Interrupted || r.Summary.Passed != 1 || r.Summary.Failed != 1 || r.Summary.NotRun != 1 {
		t.Errorf("interrupted %v, %+v", r.Interrupted, r.Summary)
	}
	if c := found(t, r, "c"); !strings.Contains(c.Reason, "--fail-fast") {
		t.Errorf("%+v", c)
	}
	if r := verified(t, root, Config{}); r.Summary.Passed != 2 || r.Summary.Failed != 1 {
		t.Errorf("without: %+v", r.Summary)
	}
}

func TestProgressCountsEveryCapsuleOnce(t *testing.T) {
	testkit.Long(t)
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	for _, name := range []string{"a", "b", "c", "d"} {
		capsuleAt(t, filepath.Join(root, name), name, wasm)
	}
	capsuleAt(t, filepath.Join(root, "e"), "e", `exit 1`)
	var ended []string
	last := 0
	verified(t, root, Config{Jobs: 3, Repro: true, Progress: func(p Progress) {
		if p.Total != 5 || p.Done < last {
			t.Errorf("%+v after %d", p, last)
		}
		last = p.Done
		if p.Ended != "" {
			ended = append(ended, p.Ended)
		}
	}})
	slices.Sort(ended)
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e"}, ended); diff != "" {
		t.Error(diff)
	}
}

func TestGroupsNeverOverlap(t *testing.T) {
	r := newRun(Config{Jobs: 8})
	for i := range 40 {
		group := ""
		if i%3 > 0 {
			group = string(rune('a' + i%3))
		}
		r.jobs = append(r.jobs, &job{dir: string(rune('0' + i)), group: group})
	}
	busy := map[string]*sync.Mutex{"b": {}, "c": {}}
	order := map[string]*[]string{"b": {}, "c": {}}
	r.each(t.Context(), func(j *job) {
		if j.group == "" {
			return
		}
		if !busy[j.group].TryLock() {
			t.Errorf("two of group %s at once", j.group)
			return
		}
		defer busy[j.group].Unlock()
		*order[j.group] = append(*order[j.group], j.dir)
		time.Sleep(time.Millisecond)
	})
	for group, list := range order {
		if len(*list) == 0 || !slices.IsSorted(*list) {
			t.Errorf("group %s: %v", group, *list)
		}
	}
}

// A capsule that is taken away while others are built was copied whole, and is verified.
func TestACapsuleDeletedMeanwhile(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	testkit.Write(t, filepath.Join(root, "go.mod"), "module a\n")
	capsuleAt(t, filepath.Join(root, "a"), "a", `rm -rf '`+filepath.Join(root, "b")+`'; `+wasm)
	capsuleAt(t, filepath.Join(root, "b"), "b", wasm)
	r := verified(t, root, Config{CheckArtifact: true})
	if c := found(t, r, "b"); c.Verdict != report.Passed || r.Summary.NotRun > 0 {
		t.Errorf("%s: %+v", c.Verdict, c.Steps)
	}
}

// What an earlier build left is no outcome of this one, wherever the capsule lies.
func TestAModuleThatLiesThereIsNotTheBuilds(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	dir := filepath.Join(root, "vendor", "one")
	capsuleAt(t, dir, "one", ":")
	testkit.Write(t, filepath.Join(dir, "dist", "one.wasm"), "\x00asm\x01\x00\x00\x00")
	commit(t, root)
	if s := found(t, verified(t, root, Config{}), "vendor/one").Step(report.StepBuild); s.Verdict != report.Failed {
		t.Errorf("%+v", s)
	}
}

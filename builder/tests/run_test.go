package tests

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
)

// play is a capsule that package tools has for its tests.
const play = "../tools/testdata/play"

// runner runs tests on play.
func runner(t testing.TB, l guest.Limits) *Runner {
	t.Helper()
	m, err := capsule.Load(play)
	if err != nil {
		t.Fatal(err)
	}
	g, _, err := guest.Start(t.Context(), filepath.Join(play, "play.wasm"), guest.Options{Limits: l, Host: tools.World(m)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return &Runner{Guest: g, World: tools.World(m), Env: []string{"MOOD", "TOKEN"}}
}

// files writes tests/a.toml and reads it.
func files(t testing.TB, text string) []*File {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, Folder), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, Folder, "a.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := Read(dir)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	return list
}

func summary(t testing.TB, r *Runner, list []*File) *Summary {
	t.Helper()
	s, err := r.Run(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// untimed is a summary without times.
func untimed(s *Summary) Summary {
	out := *s
	out.Millis = 0
	for i := range out.Ran {
		out.Ran[i].Millis = 0
	}
	return out
}

// Nothing of a test is left for the next one: not keys, not files, not grants, not configuration,
// and not the instance. And the same tests find the same, in every order.
func TestEachTestHasItsOwnWorld(t *testing.T) {
	const (
		keeps   = "[[test]]\nname = \"keeps\"\ntool = \"count\"\nkv.__state = { count = 6 }\nexpect = { result = 7 }\n"
		begins  = "[[test]]\nname = \"begins\"\ntool = \"count\"\nexpect = { result = 1, kv.__state = { count = 1 } }\n"
		may     = "[[test]]\nname = \"may\"\ntool = \"note\"\nargs = { path = \"b.txt\", text = \"b\" }\ncapabilities.fs_write = [\"cwd://\"]\nexpect = { result = \"b\" }\n"
		mayNot  = "[[test]]\nname = \"may not\"\ntool = \"note\"\nargs = { path = \"b.txt\", text = \"b\" }\nexpect = { error = \"CapabilityDenied\", files.\"b.txt\" = false }\n"
		merry   = "[[test]]\nname = \"merry\"\ntool = \"world\"\nenv = { MOOD = \"merry\", TOKEN = \"t\" }\nseed = 4\nclock = 2030-01-01T00:00:00Z\nexpect.contains = \"mood merry token 1\"\n"
		panics  = "[[test]]\nname = \"panics\"\ntool = \"panic\"\n"
		fixture = "[[test]]\nname = \"fixture\"\ntool = \"note\"\nargs = { path = \"notes/a\", text = \"b\" }\nfixtures = { \"notes/a\" = \"a\" }\nexpect.result = \"ab\"\n"
		without = "[[test]]\nname = \"without\"\ntool = \"note\"\nargs = { path = \"notes/a\", text = \"b\" }\nexpect.result = \"b\"\n"
	)
	all := []string{keeps, begins, may, mayNot, merry, panics, fixture, without}
	r := runner(t, guest.Limits{})
	forwards := summary(t, r, files(t, strings.Join(all, "")))
	for _, ran := range forwards.Ran {
		if passed := len(ran.Missed) == 0; passed == (ran.Name == "panics") {
			t.Errorf("%s: %v", ran.Name, ran.Missed)
		}
	}
	var back []string
	for i := range all {
		back = append(back, all[len(all)-1-i])
	}
	backwards := summary(t, r, files(t, strings.Join(back, "")))
	for i := range backwards.Ran {
		a, b := forwards.Ran[i], backwards.Ran[len(all)-1-i]
		for k := range b.Missed {
			b.Missed[k].Line = a.Missed[k].Line
		}
		if diff := cmp.Diff(a.Missed, b.Missed, cmp.AllowUnexported(Miss{})); diff != "" || a.Name != b.Name {
			t.Errorf("%s: %s", a.Name, diff)
		}
	}
}

// A test that does not end is ended, the next one runs, and after three of them none is run. One
// that takes all memory is ended too.
func TestHostileTests(t *testing.T) {
	r := runner(t, guest.Limits{Wall: 200 * time.Millisecond})
	one := func(name, tool string) string { return "[[test]]\nname = \"" + name + "\"\ntool = \"" + tool + "\"\n" }
	s := summary(t, r, files(t, one("a", "endless")+one("b", "count")+one("c", "endless")+one("e", "count")+one("f", "endless")+one("g", "count")))
	hoarding := summary(t, runner(t, guest.Limits{}), files(t, one("d", "hoard"))) // a busy machine takes longer for that much memory than the endless ones are given
	s.Ran = append(s.Ran, hoarding.Ran...)
	want := map[string]string{"a": "it was not done after 200ms", "c": "it was not done after 200ms", "f": "it was not done after 200ms",
		"d": "it ", "g": "it was not run: 3 tests before it did not end in their time"}
	for _, ran := range s.Ran {
		switch {
		case want[ran.Name] == "" && len(ran.Missed) > 0:
			t.Errorf("%s: %v", ran.Name, ran.Missed)
		case want[ran.Name] != "" && (len(ran.Missed) != 1 || !strings.HasPrefix(ran.Missed[0].Message, want[ran.Name])):
			t.Errorf("%s: %v, want %s", ran.Name, ran.Missed, want[ran.Name])
		}
	}
	for _, f := range s.Findings() {
		if late := strings.Contains(f.Message, "not done") || strings.Contains(f.Message, "not run"); late != (f.Code == finding.TestTimeout) {
			t.Errorf("%v", f) // that is no verdict on the sources, and is built again
		}
	}
}

// A child that ends takes no test with it unsaid.
func TestChildThatEnds(t *testing.T) {
	r := runner(t, guest.Limits{})
	list := files(t, "[[test]]\nname = \"a\"\ntool = \"count\"\n[[test]]\nname = \"b\"\ntool = \"count\"\n")
	r.Guest.Close()
	s := summary(t, r, list)
	if len(s.Ran) != 2 || s.Passed() != 0 || !strings.Contains(s.Ran[0].Missed[0].Message, "was ended") || !strings.Contains(s.Ran[1].Missed[0].Message, "not run: the process that runs them has ended") {
		t.Errorf("%+v", s.Ran)
	}
}

func TestCancelledTests(t *testing.T) {
	r := runner(t, guest.Limits{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Run(ctx, files(t, "[[test]]\nname = \"a\"\ntool = \"count\"\n")); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// A file that somebody saves while the tests run is not written over.
func TestUpdateLosesNothing(t *testing.T) {
	r := runner(t, guest.Limits{})
	list := files(t, "[[test]]\nname = \"a\"\ntool = \"count\"\n")
	s := summary(t, r, list)
	if err := os.WriteFile(list[0].path, []byte("# typed meanwhile\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(list, s); err == nil || !strings.Contains(err.Error(), "it was changed while the tests ran") {
		t.Errorf("the error is %v", err)
	}
	if data, _ := os.ReadFile(list[0].path); string(data) != "# typed meanwhile\n" {
		t.Errorf("the file is %q", data)
	}
}

func TestUpdateKeepsModeAndMark(t *testing.T) {
	r := runner(t, guest.Limits{})
	list := files(t, "\xef\xbb\xbf[[test]]\r\nname = \"a\"\r\ntool = \"count\"\r\n")
	if err := os.Chmod(list[0].path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(list, summary(t, r, list)); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(list[0].path)
	if want := "\xef\xbb\xbf[[test]]\r\nname = \"a\"\r\ntool = \"count\"\r\nexpect.result = 1\r\nexpect.kv = { __state = { count = 1 } }\r\n"; string(data) != want {
		t.Errorf("the file is %q, want %q", data, want)
	}
	if info, _ := os.Stat(list[0].path); info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
}

func TestOnly(t *testing.T) {
	r := runner(t, guest.Limits{})
	r.Only = regexp.MustCompile("^b")
	s := summary(t, r, files(t, "[[test]]\nname = \"a\"\ntool = \"count\"\n[[test]]\nname = \"bb\"\ntool = \"count\"\n"))
	if len(s.Ran) != 1 || s.Ran[0].Name != "bb" {
		t.Errorf("%+v", s.Ran)
	}
}

// A folder of fixtures lies below the tests, and is only read.
func TestFolderOfFixtures(t *testing.T) {
	r := runner(t, guest.Limits{})
	list := files(t, "[[test]]\nname = \"a\"\ntool = \"note\"\nargs = { path = \"notes/a\", text = \"b\" }\nfixtures = \"some\"\nexpect = { result = \"ab\", files.\"notes/a\" = \"ab\" }\n")
	dir := filepath.Dir(filepath.Dir(list[0].path))
	some := filepath.Join(dir, Folder, "some", "notes")
	if err := os.MkdirAll(some, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(some, "a"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := Read(dir) // the folder was not there before
	if err != nil {
		t.Fatal(err)
	}
	if s := summary(t, r, list); s.Failed() {
		t.Errorf("%+v", s)
	}
	if data, _ := os.ReadFile(filepath.Join(some, "a")); string(data) != "a" {
		t.Errorf("the fixture is %q", data)
	}
}

// What comes of tests is the same each time.
func TestDeterministic(t *testing.T) {
	text := "[[test]]\nname = \"a\"\ntool = \"world\"\nenv.TOKEN = \"x\"\nexpect.result = \"?\"\n[[test]]\nname = \"b\"\ntool = \"panic\"\n"
	first := untimed(summary(t, runner(t, guest.Limits{}), files(t, text)))
	for range 2 {
		again := untimed(summary(t, runner(t, guest.Limits{}), files(t, text)))
		if diff := cmp.Diff(first.Findings(), again.Findings()); diff != "" || first.Diffs() != again.Diffs() {
			t.Error(diff)
		}
	}
}

// BenchmarkTest is one test of a Rust component on the SDK.
func BenchmarkTest(b *testing.B) {
	r := runner(b, guest.Limits{})
	list := files(b, "[[test]]\nname = \"a\"\ntool = \"greet\"\nargs.name = \"Ada\"\nexpect.result = \"Hello, Ada!\"\n")
	for b.Loop() {
		if s := summary(b, r, list); s.Failed() {
			b.Fatal(s.Findings())
		}
	}
}

// No text makes the reader panic, or accept what it does not know.
func FuzzRead(f *testing.F) {
	f.Add("[[test]]\nname = \"a\"\ntool = \"t\"\nargs = { a = [1, { b = 2030-01-01 }] }\n[test.expect]\nresult = 1\npublished = [{ topic = \"x\", payload = {} }]\n")
	f.Add("test = 1")
	f.Add("[[test]]\nexpect = []\n[[test.expect]]\n")
	f.Add("[test]\nname.a = 1\nkv = { \"\" = [] }\nfixtures = [1]\nclock = 10:00:00\nenv = { a = {} }\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, Folder), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, Folder, "a.toml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		list, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range list[0].Faults {
			if fault.Line < 1 || fault.Message == "" || fault.File != "tests/a.toml" {
				t.Errorf("%q: %+v", text, fault)
			}
		}
	})
}

package inputs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

func TestMain(m *testing.M) {
	testkit.Handle(proc.Main)
	os.Exit(m.Run())
}

const ownFolder = "target/own"

func taker() *Taker {
	return New(Options{Env: os.Environ(), Jobs: 1, Own: ownFolder, Releases: func(*capsule.Manifest) []string { return []string{"1"} },
		Say: func(string, finding.Finding) {}})
}

// capsuleDir is a capsule that a command of its own builds, with settings.
func capsuleDir(t *testing.T, settings string) string {
	t.Helper()
	testkit.Needs(t, "sh")
	dir := filepath.Join(t.TempDir(), "capsule")
	testkit.Write(t, filepath.Join(dir, tree.ManifestName), `[package]
name = "x"
version = "0.1.0"
[[component]]
file = "x.wasm"
[package.metadata.astrid-dev]
build = ["sh", "-c", "true"]
`+settings+"\n")
	testkit.Write(t, filepath.Join(dir, "src", "a.txt"), "a")
	return dir
}

func take(t *testing.T, taker *Taker, dir string, known Known) *Inputs {
	t.Helper()
	in, err := taker.Take(t.Context(), dir, known)
	testkit.Check(t, err)
	return in
}

// built is what is known of a capsule whose tool told of these files.
func built(outside ...string) Known { return Known{Built: true, Outside: outside} }

// everything is what lies in dir, by path: mode, size and time.
func everything(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	testkit.Check(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			info, _ := d.Info()
			all[path] = info.Mode().String() + info.ModTime().String()
		}
		return err
	}))
	return all
}

// Taking inputs reads, and writes nothing.
func TestTakeOnlyReads(t *testing.T) {
	dir := capsuleDir(t, `inputs = ["../outside.txt"]`)
	testkit.Write(t, filepath.Join(dir, "..", "outside.txt"), "o")
	before := everything(t, filepath.Dir(dir))
	in := take(t, taker(), dir, Known{})
	after := everything(t, filepath.Dir(dir))
	if len(before) != len(after) {
		t.Errorf("before %v\nafter %v", before, after)
	}
	for path, was := range before {
		if after[path] != was {
			t.Errorf("%s was %s and is %s", path, was, after[path])
		}
	}
	if in.Name != "x" || !in.Buildable || in.Fault != nil || in.How == nil || in.Key == "" || in.Portable == "" || in.SourceHash == "" {
		t.Errorf("took %+v", in)
	}
	if !slices.Equal(in.Publishes, []string{filepath.Join(dir, "x.wasm")}) || !slices.Contains(in.Outside, filepath.Join(filepath.Dir(dir), "outside.txt")) {
		t.Errorf("publishes %v, depends on %v", in.Publishes, in.Outside)
	}
}

func TestChanged(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(t *testing.T, dir string)
		want []string // as Changed names them; "outside" is the file outside
		same bool     // the content is
	}{
		"nothing": {func(*testing.T, string) {}, nil, true},
		"content": {func(t *testing.T, dir string) { testkit.Write(t, filepath.Join(dir, "src/a.txt"), "b") }, []string{"src/a.txt"}, false},
		"same bytes": {func(t *testing.T, dir string) {
			later := time.Now().Add(time.Hour)
			testkit.Check(t, os.Chtimes(filepath.Join(dir, "src/a.txt"), later, later))
		}, []string{"src/a.txt"}, true},
		"a new file":       {func(t *testing.T, dir string) { testkit.Write(t, filepath.Join(dir, "new"), "n") }, []string{"new"}, false},
		"a file less":      {func(t *testing.T, dir string) { testkit.Check(t, os.Remove(filepath.Join(dir, "src/a.txt"))) }, []string{"src/a.txt"}, false},
		"outside":          {func(t *testing.T, dir string) { testkit.Write(t, filepath.Join(dir, "../outside.txt"), "other") }, []string{"outside"}, false},
		"outside is gone":  {func(t *testing.T, dir string) { testkit.Check(t, os.Remove(filepath.Join(dir, "../outside.txt"))) }, []string{"outside"}, false},
		"a published file": {func(t *testing.T, dir string) { testkit.Write(t, filepath.Join(dir, "x.wasm"), "m") }, nil, true},
		"our own folder":   {func(t *testing.T, dir string) { testkit.Write(t, filepath.Join(dir, ownFolder, "x"), "m") }, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir, taker := capsuleDir(t, `inputs = ["../outside.txt", "`+ownFolder+`"]`), taker()
			outside := filepath.Join(filepath.Dir(dir), "outside.txt")
			testkit.Write(t, outside, "o")
			before := take(t, taker, dir, Known{})
			c.do(t, dir)
			after := take(t, taker, dir, Known{})
			for i := range c.want {
				c.want[i] = strings.Replace(c.want[i], "outside", outside, 1)
			}
			if got := before.Changed(after); !slices.Equal(got, c.want) {
				t.Errorf("changed %v, want %v", got, c.want)
			}
			if before.SameContent(after) != c.same || (before.Key == after.Key) != c.same {
				t.Errorf("the same content: %v, the same key: %v, want %v", before.SameContent(after), before.Key == after.Key, c.same)
			}
			written := before.Written(after)
			if gone := strings.Contains(name, "gone") || strings.Contains(name, "less"); !gone && len(written) != len(c.want) {
				t.Errorf("written at %v", written)
			}
		})
	}
}

// A tool that was replaced is a change though no file is.
func TestAnotherToolIsAChange(t *testing.T) {
	dir := capsuleDir(t, "")
	before := take(t, taker(), dir, Known{})
	other := taker()
	other.options.Releases = func(*capsule.Manifest) []string { return []string{"2"} }
	after := take(t, other, dir, Known{})
	if got := before.Changed(after); !slices.Equal(got, []string{tree.ManifestName}) || before.Key == after.Key || before.SameContent(after) {
		t.Errorf("changed %v", got)
	}
}

// What the toolchain told of only after a build is no change when it was there before, and is
// one when somebody has written it since.
func TestWhatIsLearned(t *testing.T) {
	dir, taker := capsuleDir(t, ""), taker()
	old, fresh := filepath.Join(filepath.Dir(dir), "old.txt"), filepath.Join(filepath.Dir(dir), "fresh.txt")
	testkit.Write(t, old, "o")
	time.Sleep(20 * time.Millisecond) // longer than the clock of files ticks
	before := take(t, taker, dir, built())
	time.Sleep(20 * time.Millisecond)
	testkit.Write(t, fresh, "f")
	taker.Learn(dir, []string{old, fresh})
	after := take(t, taker, dir, built())
	if got := before.Changed(after); !slices.Equal(got, []string{fresh}) {
		t.Errorf("changed %v", got)
	}
	if told, ok := taker.Learned(dir, built("/earlier")); !ok || len(told) != 2 {
		t.Errorf("learned %v", told)
	}
	if told, ok := New(Options{}).Learned(dir, built("/earlier")); !ok || !slices.Equal(told, []string{"/earlier"}) {
		t.Errorf("another process knows %v", told)
	}
	if _, ok := New(Options{}).Learned(dir, Known{}); ok {
		t.Error("something is known of a capsule that was never built")
	}
}

// A product that a build of ours made look old, and that is known to be read only now, was
// touched by nobody; written again, it was.
func TestWhatWeMadeLookOld(t *testing.T) {
	dir, taker := capsuleDir(t, `ignore = ["/build/"]`), taker()
	product := filepath.Join(filepath.Dir(dir), "product")
	testkit.Write(t, product, "p")
	before := take(t, taker, dir, built())
	time.Sleep(20 * time.Millisecond)
	old := time.Now().Add(-time.Hour)
	testkit.Check(t, os.Chtimes(product, old, old))
	taker.Learn(dir, []string{product})
	if got := before.Changed(take(t, taker, dir, built())); !slices.Equal(got, []string{product}) {
		t.Errorf("without a word of ours: changed %v", got)
	}
	ctime := take(t, taker, dir, built()).Others.Files[0].Ctime
	taker.Age(dir, map[string]int64{product: ctime})
	taker.Age(dir, map[string]int64{"/another": 1})
	if got := before.Changed(take(t, taker, dir, built())); len(got) > 0 {
		t.Errorf("changed %v", got)
	}
	time.Sleep(20 * time.Millisecond)
	testkit.Write(t, product, "q")
	if got := before.Changed(take(t, taker, dir, built())); !slices.Equal(got, []string{product}) {
		t.Errorf("written again: changed %v", got)
	}
}

func TestFaults(t *testing.T) {
	refuse := func(*capsule.Manifest) *finding.Failure {
		return &finding.Failure{Step: finding.StepStage, Findings: []finding.Finding{{Code: finding.PublishRefused}}}
	}
	dir := capsuleDir(t, "")
	if in := take(t, taker(), dir, Known{Refuse: refuse}); in.Fault == nil || in.Fault.Findings[0].Code != finding.PublishRefused || in.How != nil {
		t.Errorf("nobody refused: %+v", in.Fault)
	}
	testkit.Write(t, filepath.Join(dir, tree.ManifestName), "[package\n")
	in := take(t, taker(), dir, Known{Refuse: func(*capsule.Manifest) *finding.Failure { t.Error("asked of a broken manifest"); return nil }})
	if in.Fault == nil || in.Fault.Step != finding.StepManifest || in.Manifest != nil || !in.Buildable || in.Name != "capsule" || in.Key == "" {
		t.Errorf("took %+v", in)
	}
	testkit.Write(t, filepath.Join(dir, tree.ManifestName), "[package]\nname = \"x\"\nversion = \"0.1.0\"\n")
	in = take(t, taker(), dir, Known{Refuse: func(*capsule.Manifest) *finding.Failure { t.Error("asked where nothing is built"); return nil }})
	if in.Fault != nil || in.Buildable || in.How != nil || in.Portable != "" {
		t.Errorf("took %+v", in)
	}
	testkit.Check(t, os.Remove(filepath.Join(dir, tree.ManifestName)))
	if _, err := taker().Take(t.Context(), dir, Known{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	testkit.Check(t, os.Mkdir(filepath.Join(dir, tree.ManifestName), 0o755))
	if _, err := Read(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder is a manifest: %v", err)
	}
}

// OldestChange is how far back products must be made to look old.
func TestOldestChange(t *testing.T) {
	dir, taker := capsuleDir(t, ""), taker()
	written := time.Now().Add(-24 * time.Hour).Truncate(time.Second)
	path := filepath.Join(dir, "src", "a.txt")
	first := take(t, taker, dir, Known{})
	seen := first.Seen()
	ran := Run{Since: time.Now().Add(time.Hour), Until: time.Now().Add(2 * time.Hour), Seen: &seen} // no file was written meanwhile
	if got := first.OldestChange(&ran); !got.IsZero() {
		t.Errorf("nothing changed: %v", got)
	}
	for name, last := range map[string]*Run{"nobody knows of a run": nil, "nobody knows of what": {}, "another recipe": {Seen: &Seen{Recipe: "other"}}} {
		if got := first.OldestChange(last); !got.Equal(time.Unix(2, 0)) {
			t.Errorf("%s: %v", name, got)
		}
	}
	during := Run{Since: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour), Seen: &seen}
	if got := first.OldestChange(&during); got.IsZero() || got.Equal(time.Unix(2, 0)) {
		t.Errorf("written while it ran: %v", got)
	}
	testkit.Write(t, path, "b")
	testkit.Check(t, os.Chtimes(path, written, written))
	if got := take(t, taker, dir, Known{}).OldestChange(&ran); !got.Equal(written) {
		t.Errorf("an older file: %v, want %v", got, written)
	}
	testkit.Check(t, os.Remove(path))
	if got := take(t, taker, dir, Known{}).OldestChange(&ran); !got.Equal(time.Unix(2, 0)) {
		t.Errorf("a file is gone: %v", got)
	}
}

func TestUnmatched(t *testing.T) {
	dir := capsuleDir(t, `inputs = ["../there.txt", "../gone.txt", "../no/*.txt"]`)
	testkit.Write(t, filepath.Join(dir, "../there.txt"), "o")
	got := take(t, taker(), dir, Known{}).Unmatched()
	if len(got) != 2 || got[0].Code != finding.InputMatchesNothing || !strings.Contains(got[0].Message, "gone.txt") || !strings.Contains(got[1].Message, "no/*.txt") || got[0].Line != 8 {
		t.Errorf("got %v", got)
	}
	if got := (&Inputs{}).Unmatched(); got != nil {
		t.Errorf("without a manifest: %v", got)
	}
}

// Links lead to inputs, but not to the capsule itself, nor to what is built in it.
func TestLinks(t *testing.T) {
	dir := capsuleDir(t, "")
	outside := filepath.Join(filepath.Dir(dir), "outside")
	testkit.Write(t, filepath.Join(outside, "f"), "one")
	testkit.Write(t, filepath.Join(dir, "target", "made"), "m")
	testkit.Write(t, filepath.Join(filepath.Dir(dir), "cache", "CACHEDIR.TAG"), "")
	for name, to := range map[string]string{"in": "../outside", "self": ".", "up": "..", "made": "target/made", "same": "src/a.txt", "cache": "../cache"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			testkit.Skip(t, "no links here: %v", err)
		}
	}
	taker := taker()
	before := take(t, taker, dir, Known{})
	for name, counts := range map[string]bool{"in": true, "self": false, "up": false, "made": false, "same": false, "cache": false} {
		if before.Reads(filepath.Join(dir, name), true) != counts {
			t.Errorf("%s counts: %v", name, !counts)
		}
	}
	testkit.Write(t, filepath.Join(outside, "f"), "two")
	if got := before.Changed(take(t, taker, dir, Known{})); len(got) != 1 || !strings.HasSuffix(got[0], "f") {
		t.Errorf("changed %v", got)
	}
}

// A file that git tracks now, and that the rules left out before, has the sources counted anew.
func TestRecounts(t *testing.T) {
	dir, taker := capsuleDir(t, ""), taker()
	testkit.Write(t, filepath.Join(dir, ".gitignore"), "*.log\n")
	testkit.Git(t, dir, "init", "-q")
	before := take(t, taker, dir, Known{})
	testkit.Write(t, filepath.Join(dir, "a.log"), "l")
	if ignored := take(t, taker, dir, Known{}); ignored.Recounts(before) || ignored.Key != before.Key {
		t.Error("an ignored file counts")
	}
	testkit.Git(t, dir, "add", "-f", "a.log")
	if tracked := take(t, taker, dir, Known{}); !tracked.Recounts(before) {
		t.Error("a tracked file does not count")
	}
	before = take(t, taker, dir, Known{})
	testkit.Write(t, filepath.Join(dir, "plain"), "p")
	if more := take(t, taker, dir, Known{}); more.Recounts(before) {
		t.Error("a plain new file has the rules doubted")
	}
}

func TestSourceHash(t *testing.T) {
	dir := capsuleDir(t, "")
	in := take(t, taker(), dir, Known{})
	if got, err := taker().SourceHash(t.Context(), dir); err != nil || got != in.SourceHash {
		t.Errorf("%s %v, want %s", got, err, in.SourceHash)
	}
	testkit.Write(t, filepath.Join(dir, tree.ManifestName), "[package\n")
	if _, err := taker().SourceHash(t.Context(), dir); err == nil {
		t.Error("a hash by an ignore list that nobody can read")
	}
	plain := t.TempDir()
	testkit.Write(t, filepath.Join(plain, "f"), "x")
	if got, err := taker().SourceHash(t.Context(), plain); err != nil || len(got) != 64 {
		t.Errorf("of a folder without a manifest: %q %v", got, err)
	}
}

func TestTakes(t *testing.T) {
	dir := capsuleDir(t, `inputs = ["../other/x.wasm", "inner/y.wasm", "gen/*.txt"]`)
	in := take(t, taker(), dir, Known{})
	for _, want := range []string{filepath.Join(filepath.Dir(dir), "other", "x.wasm"), filepath.Join(dir, "inner", "y.wasm"), filepath.Join(dir, "gen")} {
		if !slices.Contains(in.Takes(), want) {
			t.Errorf("%s is not among %v", want, in.Takes())
		}
	}
	for name, out := range map[string]bool{"src/a.txt": false, "node_modules": false, "a.wasm": true, "../x": false} {
		if in.LeftOut(name) != out {
			t.Errorf("%s is left out: %v", name, !out)
		}
	}
}

func TestTooLong(t *testing.T) {
	files := []tree.File{{Path: "short"}, {Path: strings.Repeat("long/", 20)}, {Path: strings.Repeat("longer/", 20)}}
	f, ok := tooLong("/dir", files, 60)
	if !ok || f.Code != finding.PathTooLong || f.Severity != finding.Warning || !strings.Contains(f.Message, "2 of its files") || !strings.Contains(f.Message, "(145 at most)") {
		t.Errorf("%v %+v", ok, f)
	}
	if _, ok := tooLong("/dir", files, 200); ok {
		t.Error("none is too long")
	}
	if _, ok := tooLong("/dir", files, 0); ok {
		t.Error("a system without a limit has one")
	}
	var said int
	taker := New(Options{Say: func(string, finding.Finding) { said++ }})
	huge := []tree.File{{Path: strings.Repeat("x/", 40000)}}
	for range 2 {
		taker.sayTooLong("/dir", huge)
	}
	if taker.sayTooLong("/dir", nil); said != 1 {
		t.Errorf("said %d times", said)
	}
}

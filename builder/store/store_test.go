package store

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// module is a small one, so that each name makes another.
func module(name string) string {
	return string(testkit.Core(testkit.Section(0, testkit.Sized(name))))
}

func lock(t *testing.T, dir string) *Lock {
	t.Helper()
	l, err := New().Lock(t.Context(), dir, func() { t.Error("it has to wait") })
	check(t, err)
	return l
}

// stage puts modules, by the files that they are for, where a build would leave them.
func stage(t *testing.T, dir string, modules map[string]string) (*Record, []Staged) {
	t.Helper()
	work, err := MakeWork(dir)
	check(t, err)
	r := &Record{Version: recordVersion, Key: "key", SourceHash: "sources"}
	var staged []Staged
	for file, content := range modules {
		path := filepath.Join(work, strings.ReplaceAll(file, "/", "-"))
		testkit.Write(t, path, content)
		hash, err := tree.HashFile(path)
		check(t, err)
		m := Module{ID: file, File: file, Hash: hash, Size: int64(len(content)), Kind: "core"}
		r.Modules = append(r.Modules, m)
		staged = append(staged, Staged{Path: path, Module: m})
	}
	return r, staged
}

// publish publishes modules by their files.
func publish(t *testing.T, dir string, modules map[string]string) (published, old *Record) {
	t.Helper()
	l := lock(t, dir)
	defer l.Release()
	r, staged := stage(t, dir, modules)
	old, err := Publish(dir, r, staged)
	check(t, err)
	return r, old
}

func holds(t *testing.T, dir string, modules map[string]string) {
	t.Helper()
	for file, want := range modules {
		if got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file))); err != nil || string(got) != want {
			t.Errorf("%s holds %q, want %q: %v", file, got, want, err)
		}
	}
}

func missing(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is there: %v", path, err)
	}
}

func TestPublish(t *testing.T) {
	dir := t.TempDir()
	first := map[string]string{"a.wasm": module("a"), "deep/b.wasm": module("b")}
	r, old := publish(t, dir, first)
	if old != nil {
		t.Errorf("a record before the first: %v", old)
	}
	holds(t, dir, first)
	for _, m := range r.Modules {
		if hash, err := tree.HashFile(BlobPath(dir, m.Hash)); err != nil || hash != m.Hash {
			t.Errorf("blob of %s: %s, %v", m.File, hash, err)
		}
	}
	if got := Read(dir); got == nil || got.Key != "key" || !slices.Equal(got.Modules, r.Modules) {
		t.Errorf("recorded %+v", got)
	}
	missing(t, Path(dir, IntentFile))
	second := map[string]string{"a.wasm": module("other"), "deep/b.wasm": module("b")}
	if _, old = publish(t, dir, second); old == nil || !slices.Equal(old.Modules, r.Modules) {
		t.Errorf("the record before is %+v", old)
	}
	holds(t, dir, second)
}

// A copy that was made before is published itself, and another one in its place where it is not whole or lies elsewhere.
func TestTwin(t *testing.T) {
	for name, c := range map[string]struct {
		twin  func(t *testing.T, dir, twin string) string // where it is said to lie
		taken bool
	}{
		"whole":   {func(_ *testing.T, _, twin string) string { return twin }, true},
		"damaged": {func(t *testing.T, _, twin string) string { testkit.Write(t, twin, module("b")); return twin }, false},
		"gone":    {func(t *testing.T, _, twin string) string { check(t, os.Remove(twin)); return twin }, false},
		"a link to what is whole": {func(t *testing.T, dir, twin string) string {
			check(t, os.Rename(twin, twin+".other"))
			check(t, os.Symlink(twin+".other", twin))
			return twin
		}, false},
		"outside of the capsule": {func(t *testing.T, _, twin string) string {
			outside := filepath.Join(t.TempDir(), "twin")
			check(t, os.Rename(twin, outside))
			return outside
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := lock(t, dir)
			defer l.Release()
			r, staged := stage(t, dir, map[string]string{"deep/a.wasm": module("a")})
			twin := staged[0].Path + ".twin"
			testkit.Write(t, twin, module("a"))
			before, err := os.Stat(twin)
			check(t, err)
			staged[0].Twin = c.twin(t, dir, twin)
			_, err = Publish(dir, r, staged)
			check(t, err)
			holds(t, dir, map[string]string{"deep/a.wasm": module("a")})
			now, err := os.Lstat(filepath.Join(dir, "deep", "a.wasm"))
			check(t, err)
			if os.SameFile(before, now) != c.taken || !now.Mode().IsRegular() {
				t.Errorf("it was published itself: %v", !c.taken)
			}
		})
	}
}

// Where what was loaded is not whole any more, its copy is not published either.
func TestTwinOfWhatIsDamaged(t *testing.T) {
	dir := t.TempDir()
	l := lock(t, dir)
	defer l.Release()
	r, staged := stage(t, dir, map[string]string{"a.wasm": module("a")})
	staged[0].Twin = staged[0].Path + ".twin"
	testkit.Write(t, staged[0].Twin, module("a"))
	testkit.Write(t, staged[0].Path, module("damaged"))
	if _, err := Publish(dir, r, staged); err == nil {
		t.Error("it was published")
	}
	missing(t, filepath.Join(dir, "a.wasm"))
}

// All modules are published or none: the second one may not be, and the first stays what it was.
func TestPublishRefusesAllForOne(t *testing.T) {
	dir := t.TempDir()
	l := lock(t, dir)
	defer l.Release()
	testkit.Write(t, filepath.Join(dir, "b.wasm"), "a text of somebody's")
	r, staged := stage(t, dir, map[string]string{"a.wasm": module("a"), "b.wasm": module("b")})
	var refused *Refusal
	if _, err := Publish(dir, r, staged); !errors.As(err, &refused) || refused.Code != finding.PublishRefused {
		t.Fatalf("got %v", err)
	}
	missing(t, filepath.Join(dir, "a.wasm"))
	missing(t, Path(dir, IntentFile))
	holds(t, dir, map[string]string{"b.wasm": "a text of somebody's"})
	if Read(dir) != nil {
		t.Error("it is recorded")
	}
}

// What a crash leaves half published is completed, or as if it had never begun.
func TestP2Recover(t *testing.T) {
	before := map[string]string{"a.wasm": module("a1"), "b.wasm": module("b1")}
	after := map[string]string{"a.wasm": module("a2"), "b.wasm": module("b2")}
	files := []string{"a.wasm", "b.wasm"}
	for name, c := range map[string]struct {
		crash     func(t *testing.T, f *folder, r, old *Record)
		files     []string
		stands    map[string]string
		completed bool
	}{
		"before any module": {func(*testing.T, *folder, *Record, *Record) {}, files, after, true},
		"after the first":   {func(t *testing.T, f *folder, r, old *Record) { check(t, f.place(r.Modules[0], old, "")) }, files, after, true},
		"after the last": {func(t *testing.T, f *folder, r, old *Record) {
			check(t, errors.Join(f.place(r.Modules[0], old, ""), f.place(r.Modules[1], old, "")))
		}, files, after, true},
		"a file is not ours": {func(*testing.T, *folder, *Record, *Record) {}, []string{"a.wasm"}, before, false},
		"a blob is damaged":  {func(t *testing.T, f *folder, r, _ *Record) { damage(t, BlobPath(f.Dir, r.Modules[1].Hash)) }, files, before, false},
		"a blob is gone":     {func(t *testing.T, f *folder, r, _ *Record) { check(t, os.Remove(BlobPath(f.Dir, r.Modules[0].Hash))) }, files, before, false},
		"the intent is torn": {func(t *testing.T, f *folder, _, _ *Record) { testkit.Write(t, Path(f.Dir, IntentFile), `{"version":`) }, files, before, false},
		"it leads elsewhere": {func(t *testing.T, f *folder, r, _ *Record) {
			r.Modules[0].File = "../a.wasm"
			check(t, f.writeRecord(IntentFile, r))
		}, files, before, false},
		"of a later version":  {func(t *testing.T, f *folder, r, _ *Record) { r.Version++; check(t, f.writeRecord(IntentFile, r)) }, files, before, false},
		"it is no plain file": {func(t *testing.T, f *folder, _, _ *Record) { mkdirInstead(t, Path(f.Dir, IntentFile)) }, files, before, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			old, _ := publish(t, dir, before)
			l := lock(t, dir)
			r, staged := stage(t, dir, after)
			check(t, inFolder(dir, func(f *folder) error {
				for _, m := range staged {
					check(t, f.keepBlob(m))
				}
				check(t, f.writeRecord(IntentFile, r))
				c.crash(t, f, r, old)
				return nil
			}))
			litter := []string{Path(dir, fsys.Temporary(RecordFile)), filepath.Join(dir, fsys.Temporary("a.wasm")+".wasm")}
			testkit.Write(t, litter[0], "half")
			if c.completed {
				testkit.Write(t, litter[1], "half")
			}
			l.Release()
			if !Interrupted(dir) {
				t.Fatal("nobody sees that it was interrupted")
			}
			done, was, err := New().Recover(dir, c.files)
			check(t, err)
			if (done != nil) != c.completed || was == nil || !slices.Equal(was.Modules, old.Modules) {
				t.Errorf("completed %v, the record before is %v", done, was)
			}
			holds(t, dir, c.stands)
			missing(t, Path(dir, IntentFile))
			for _, path := range litter {
				missing(t, path)
			}
			if again, _, err := New().Recover(dir, c.files); err != nil || again != nil || Interrupted(dir) {
				t.Errorf("a second time: %v, %v", again, err)
			}
		})
	}
}

func damage(t *testing.T, path string) {
	t.Helper()
	check(t, os.Chmod(path, 0o644))
	testkit.Write(t, path, module("damaged"))
}

func mkdirInstead(t *testing.T, path string) {
	t.Helper()
	check(t, os.Remove(path))
	check(t, os.Mkdir(path, 0o755))
}

// What stands published is put back from its blob, whatever was done to it, and only when it is ours.
func TestRestore(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(t *testing.T, dir, module string)
		want error // nil: it stands again
	}{
		"deleted":     {harm: func(t *testing.T, _, path string) { check(t, os.Remove(path)) }},
		"overwritten": {harm: func(t *testing.T, _, path string) { testkit.Write(t, path, "junk") }},
		"same size and time": {harm: func(t *testing.T, _, path string) {
			info, err := os.Stat(path)
			check(t, err)
			testkit.Write(t, path, module("b"))
			check(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
		}},
		"blob too": {want: ErrNoCopy, harm: func(t *testing.T, dir, path string) {
			check(t, os.Remove(path))
			check(t, os.RemoveAll(Path(dir, BlobFolder)))
		}},
		"damaged blob": {want: ErrNoCopy, harm: func(t *testing.T, dir, path string) {
			check(t, os.Remove(path))
			damage(t, BlobPath(dir, Read(dir).Modules[0].Hash))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, s := t.TempDir(), New()
			r, _ := publish(t, dir, map[string]string{"a.wasm": module("a")})
			path := filepath.Join(dir, "a.wasm")
			if !s.Stands(dir, r) {
				t.Fatal("what was just published does not stand")
			}
			c.harm(t, dir, path)
			if s.Stands(dir, r) {
				t.Fatal("the harm was not seen")
			}
			files, err := s.Restore(dir, r)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if c.want == nil && (!slices.Equal(files, []string{"a.wasm"}) || !s.Stands(dir, r)) {
				t.Errorf("put back %v", files)
			}
		})
	}
}

// What the author put at the published path is never put back over what stands there now.
func TestRestoreLeavesWhatWasFound(t *testing.T) {
	dir, s := t.TempDir(), New()
	r, _ := publish(t, dir, map[string]string{"a.wasm": module("a")})
	r.Modules[0].Found = true
	testkit.Write(t, filepath.Join(dir, "a.wasm"), module("newer"))
	if files, err := s.Restore(dir, r); err != nil || len(files) > 0 || !s.Stands(dir, r) {
		t.Errorf("put back %v, %v", files, err)
	}
	holds(t, dir, map[string]string{"a.wasm": module("newer")})
}

func TestRestoreLeavesALinkAlone(t *testing.T) {
	dir := t.TempDir()
	r, _ := publish(t, dir, map[string]string{"a.wasm": module("a")})
	path := filepath.Join(dir, "a.wasm")
	check(t, os.Rename(path, filepath.Join(dir, "theirs.wasm")))
	if err := os.Symlink("theirs.wasm", path); err != nil {
		testkit.Skip(t, "no links here: %v", err)
	}
	var refused *Refusal
	if _, err := New().Restore(dir, r); !errors.As(err, &refused) || refused.Code != finding.PublishRefused {
		t.Fatalf("got %v", err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was not left alone: %v %v", info, err)
	}
}

// Intact believes a stat that it knows, Stands does not.
func TestIntactRemembers(t *testing.T) {
	dir, s := t.TempDir(), New()
	r, _ := publish(t, dir, map[string]string{"a.wasm": module("a")})
	path := filepath.Join(dir, "a.wasm")
	info, err := os.Stat(path)
	check(t, err)
	if !s.Intact(dir, r.Modules) {
		t.Fatal("not intact")
	}
	testkit.Write(t, path, module("b"))
	check(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	if !s.Intact(dir, r.Modules) {
		t.Error("it was read again, though its stat is the same")
	}
	check(t, os.Chtimes(path, time.Time{}, info.ModTime().Add(time.Second)))
	if s.Intact(dir, r.Modules) {
		t.Error("another time, and it was not read again")
	}
}

func TestOnlyTheLastBlobsAreKept(t *testing.T) {
	dir := t.TempDir()
	var last *Record
	for i := range 2 * keptBlobs {
		last, _ = publish(t, dir, map[string]string{"a.wasm": module(strings.Repeat("x", i+1))})
	}
	Prune(dir)
	if left, err := os.ReadDir(Path(dir, BlobFolder)); err != nil || len(left) != keptBlobs {
		t.Errorf("%d blobs, %v", len(left), err)
	}
	if _, err := os.Stat(BlobPath(dir, last.Modules[0].Hash)); err != nil {
		t.Error(err)
	}
}

func TestRecordThatIsNotBelieved(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	for name, c := range map[string]struct {
		text string
		good bool
	}{
		"sound":         {`{"version":1,"key":"k","modules":[{"file":"a.wasm","hash":"` + hash + `"}]}`, true},
		"of tomorrow":   {`{"version":2,"key":"k"}`, false},
		"torn":          {`{"version":1,"key":`, false},
		"empty":         {"", false},
		"leads out":     {`{"version":1,"modules":[{"file":"../a.wasm","hash":"` + hash + `"}]}`, false},
		"absolute":      {`{"version":1,"modules":[{"file":"/a.wasm","hash":"` + hash + `"}]}`, false},
		"not its blob":  {`{"version":1,"modules":[{"file":"a.wasm","hash":"../../x"}]}`, false},
		"another shape": {`[1,2]`, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			testkit.Write(t, Path(dir, RecordFile), c.text)
			if r := Read(dir); (r != nil) != c.good {
				t.Errorf("got %+v", r)
			}
		})
	}
	if Read(t.TempDir()) != nil {
		t.Error("a record of nothing")
	}
}

func TestVerdict(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, map[string]string{"a.wasm": module("a")})
	v := Verdict{Key: "k", Step: finding.StepBuild, ExitCode: 3, Findings: []finding.Finding{{Code: finding.BuildFailed, Message: "m"}}, Tail: "t"}
	WriteVerdict(dir, v)
	if got := ReadVerdict(dir, "k"); got == nil || got.ExitCode != 3 || got.Tail != "t" || !slices.Equal(got.Findings, v.Findings) {
		t.Errorf("got %+v", got)
	}
	if got := ReadVerdict(dir, "other"); got != nil {
		t.Errorf("the verdict of another key: %+v", got)
	}
	publish(t, dir, map[string]string{"a.wasm": module("b")})
	if got := ReadVerdict(dir, "k"); got != nil {
		t.Errorf("it stands after a publication: %+v", got)
	}
	data, err := json.Marshal(v) // without a version
	check(t, err)
	Note(dir, verdictFile, data)
	if got := ReadVerdict(dir, "k"); got != nil {
		t.Errorf("a verdict without a version: %+v", got)
	}
}

func TestNotes(t *testing.T) {
	dir := t.TempDir()
	Note(dir, RunNote, []byte("lost")) // there is no state folder yet
	l := lock(t, dir)
	defer l.Release()
	Note(dir, RunNote, []byte("one"))
	Note(dir, RunNote, []byte("two"))
	if got, err := ReadNote(dir, RunNote, 100); err != nil || string(got) != "two" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := ReadNote(dir, RunNote, 2); err == nil {
		t.Error("more than the limit is read")
	}
	if _, err := ReadNote(dir, SeenNote, 100); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// A lock is the file that stands at its path, and no other.
func TestLockIsTheFileThatStandsThere(t *testing.T) {
	dir := t.TempDir()
	first := lock(t, dir)
	defer first.Release()
	if first.Lost() {
		t.Error("lost though nobody touched it")
	}
	if err := os.Remove(Path(dir, LockFile)); err != nil {
		testkit.Skip(t, "a file that is open cannot be deleted here: %v", err)
	}
	if !first.Lost() {
		t.Error("not lost though it was deleted")
	}
	other := lock(t, dir)
	defer other.Release()
	if other.Lost() || !first.Lost() {
		t.Error("the new file's lock is the one that counts")
	}
}

func TestLockWaits(t *testing.T) {
	dir, s := t.TempDir(), New()
	first := lock(t, dir)
	if s.Locked(dir) {
		t.Error("another one's lock is ours")
	}
	if done, _, err := s.Recover(dir, nil); done != nil || err != nil {
		t.Errorf("Recover beside the lock: %v %v", done, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := s.Lock(ctx, dir, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	second, err := s.Lock(t.Context(), dir, first.Release)
	check(t, err)
	if !second.Waited || !s.Locked(dir) {
		t.Error("it does not know that it waited, or that it has the lock")
	}
	second.Release()
	if s.Locked(dir) {
		t.Error("locked after its release")
	}
}

// A capsule's first build makes the state folder, and examinations beside it look whether
// something was left there. Neither may take away what the other is just writing.
func TestP8RecoverBesideAFirstBuild(t *testing.T) {
	testkit.Long(t)
	for range 60 {
		dir := t.TempDir()
		stop, done := make(chan struct{}), make(chan error, 2)
		for range 2 {
			go func() {
				s := New()
				for {
					select {
					case <-stop:
						done <- nil
						return
					default:
					}
					if !Interrupted(dir) {
						continue
					}
					if _, _, err := s.Recover(dir, nil); err != nil {
						done <- err
						return
					}
				}
			}()
		}
		for range 3 {
			l, err := New().Lock(t.Context(), dir, func() {})
			check(t, err)
			if _, err := Finish(dir, nil); err != nil {
				t.Error(err)
			}
			l.Release()
			check(t, os.RemoveAll(Path(dir, "CACHEDIR.TAG")))
		}
		close(stop)
		for range 2 {
			check(t, <-done)
		}
	}
}

// The folder of a build is cleared before the next one, and removed by its own path only.
func TestWorkFolder(t *testing.T) {
	dir := t.TempDir()
	l := lock(t, dir)
	defer l.Release()
	killed, err := MakeWork(dir)
	check(t, err)
	work, err := MakeWork(dir)
	check(t, err)
	missing(t, killed)
	for _, name := range []string{"out", "tmp"} {
		if info, err := os.Stat(filepath.Join(work, name)); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", name, err)
		}
	}
	elsewhere := t.TempDir()
	RemoveWork(dir, elsewhere)
	RemoveWork(dir, "")
	if _, err := os.Stat(elsewhere); err != nil {
		t.Error(err)
	}
	RemoveWork(dir, work)
	missing(t, work)
	holds(t, dir, map[string]string{Folder + "/CACHEDIR.TAG": cacheTag, Folder + "/.gitignore": "*\n"})
}

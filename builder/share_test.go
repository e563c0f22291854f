package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/seal"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/builder/shared/dir"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// sharing is a store, and the caches that are opened on it.
type sharing struct {
	t      *testing.T
	folder string
	key    *seal.Key
	said   []finding.Finding
}

func share(t *testing.T) *sharing {
	t.Helper()
	testkit.Needs(t, "sh")
	key, err := seal.NewKey()
	testkit.Check(t, err)
	return &sharing{t: t, folder: t.TempDir(), key: key}
}

// cache is as another process has it.
func (s *sharing) cache(again int) *shared.Cache {
	s.t.Helper()
	store, err := dir.Open(s.folder, dir.Options{})
	testkit.Check(s.t, err)
	return shared.New(shared.Options{Store: store, Name: "the store", Tool: "test", Key: s.key, Trust: []*seal.Public{&s.key.Public}, Again: again,
		Warn: func(f finding.Finding) { s.said = append(s.said, f) }})
}

// tallied is a capsule whose build counts its runs in a file outside, and copies src.bin.
func tallied(t *testing.T, runs, script string) string {
	t.Helper()
	return capsuleDir(t, fmt.Sprintf("build = [\"sh\", \"-c\", '''echo run >> \"$RUNS\"; %s''']\nenv = { RUNS = %q }\n", script, runs))
}

// runs is how many builds were counted.
func runs(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count(string(data), "run")
}

func made(t *testing.T, b *Builder, dir string) *Staged {
	t.Helper()
	staged, err := b.Build(t.Context(), examine(t, b, dir), nil)
	testkit.Check(t, err)
	t.Cleanup(staged.Discard)
	return staged
}

const counts = `cat src.bin > "$CAPSULE_OUT"`

// What one checkout built another one takes, loads itself, and publishes.
func TestSharedBuild(t *testing.T) {
	s, count := share(t), filepath.Join(t.TempDir(), "runs")
	one, two := tallied(t, count, counts), tallied(t, count, counts)
	if staged := made(t, New(Options{Shared: s.cache(0)}), one); staged.Shared {
		t.Error("the first build was shared by nobody")
	}
	b := New(Options{Shared: s.cache(0)})
	in := examine(t, b, two)
	staged, err := b.Build(t.Context(), in, nil)
	testkit.Check(t, err)
	if !staged.Shared || runs(t, count) != 1 || staged.Modules[0].Report == nil || !staged.Modules[0].Report.Loads {
		t.Errorf("shared %v, %d builds, %+v", staged.Shared, runs(t, count), staged.Modules[0])
	}
	p, err := b.Publish(t.Context(), staged)
	testkit.Check(t, err)
	if got := testkit.Read(t, p.Modules[0].Path); got != string(variant("one")) {
		t.Errorf("published %q", got)
	}
	now := examine(t, b, two)
	if now.Current == nil {
		t.Error("what was published is not up to date")
	}
	if !PublishedLines(now.Manifest, p.Modules[0].Path).Elsewhere {
		t.Error("nobody knows that what tells of its lines is elsewhere")
	}
	if len(s.said) > 0 {
		t.Errorf("said %v", s.said)
	}
	// another source is another key
	testkit.Write(t, filepath.Join(two, "src.bin"), string(variant("two")))
	if staged := made(t, b, two); staged.Shared || runs(t, count) != 2 {
		t.Errorf("another source: shared %v, %d builds", staged.Shared, runs(t, count))
	}
}

// A file that the tool names only after a build is an input all the same: where it holds
// something else, the result is another one.
func TestSharedReads(t *testing.T) {
	testkit.Long(t)
	s, count := share(t), filepath.Join(t.TempDir(), "runs")
	const script = `cat src.bin "../beside" > "$CAPSULE_OUT"; echo "x: ../beside" > "$CAPSULE_OUT_DIR/x.d"`
	build := func(beside string) *Staged {
		dir := tallied(t, count, script)
		testkit.Write(t, filepath.Join(filepath.Dir(dir), "beside"), beside)
		staged := made(t, New(Options{Shared: s.cache(0)}), dir)
		want := string(variant("one")) + beside
		if got := testkit.Read(t, staged.Modules[0].Path); got != want {
			t.Errorf("made %q, want %q", got, want)
		}
		return staged
	}
	one, two := string(variant("a")[8:]), string(variant("b")[8:])
	for i, c := range []struct {
		beside string
		shared bool
	}{{one, false}, {one, true}, {two, false}, {two, true}, {one, true}} {
		if staged := build(c.beside); staged.Shared != c.shared {
			t.Errorf("build %d: shared %v", i, staged.Shared)
		}
	}
	if runs(t, count) != 2 {
		t.Errorf("%d builds", runs(t, count))
	}
}

// What holds the path of its checkout is another machine's business.
func TestSharedPath(t *testing.T) {
	s, count := share(t), filepath.Join(t.TempDir(), "runs")
	c := s.cache(0)
	staged := made(t, New(Options{Shared: c}), tallied(t, count,
		`printf '\000asm\001\000\000\000\000\376\001\004path%-300s' "$PWD" | head -c 265 > "$CAPSULE_OUT"`))
	if data := testkit.Read(t, staged.Modules[0].Path); !strings.Contains(data, "a capsüle") {
		t.Fatalf("the module holds no path: %q", data)
	}
	if got := c.Stats(); got.Offered != 0 || got.Withheld != 1 {
		t.Errorf("%+v", got)
	}
}

// A hit that is built again and comes out otherwise does not count, and is told.
func TestSharedAgain(t *testing.T) {
	s, count := share(t), filepath.Join(t.TempDir(), "runs")
	const script = counts + `; n=$(wc -l < "$RUNS"); printf '\000\002\001%s' $n >> "$CAPSULE_OUT"`
	first := made(t, New(Options{Shared: s.cache(0)}), tallied(t, count, script))
	c := s.cache(1)
	second := made(t, New(Options{Shared: c}), tallied(t, count, script))
	if second.Shared || first.Modules[0].Hash == second.Modules[0].Hash || !finding.Has(second.Findings, finding.SharedDiffers) {
		t.Errorf("shared %v, found %v", second.Shared, second.Findings)
	}
	if got := c.Stats(); got.Again != 1 || got.Differed != 1 || runs(t, count) != 2 {
		t.Errorf("%+v, %d builds", got, runs(t, count))
	}
}

// A signed entry whose module does not load here, because another reader judged it or its
// signer lies, costs a build and a warning.
func TestSharedDoesNotLoad(t *testing.T) {
	s, count := share(t), filepath.Join(t.TempDir(), "runs")
	dir := tallied(t, count, counts)
	c := s.cache(0)
	b := New(Options{Shared: c})
	in := examine(t, b, dir)
	bad := filepath.Join(t.TempDir(), "bad")
	testkit.Write(t, bad, "\x00asm\x01\x00\x00\x00\xff")
	c.Offer(t.Context(), shared.Entry{Key: in.Portable, Whole: in.Portable, Modules: []shared.Module{{Component: "main", File: "copy.wasm"}},
		Judged: []shared.Judgement{{Kind: "core", Loads: true}}}, []string{bad}, nil)
	staged := made(t, b, dir)
	if staged.Shared || runs(t, count) != 1 || !finding.Has(staged.Findings, finding.SharedRefused) || len(staged.Modules) != 1 {
		t.Errorf("shared %v, %d builds, %v", staged.Shared, runs(t, count), staged.Findings)
	}
}

// hanging is a store that never answers.
type hanging struct{ shared.Store }

func (hanging) Entry(ctx context.Context, _ string) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (hanging) Blob(ctx context.Context, _ shared.ID, _ io.Writer) error {
	<-ctx.Done()
	return ctx.Err()
}

func (hanging) Put(ctx context.Context, _ string, _ []byte, _ []shared.Blob) error {
	<-ctx.Done()
	return ctx.Err()
}

// A store that hangs is asked a few times, offered something a few times, and then no more.
func TestSharedHangs(t *testing.T) {
	testkit.Long(t)
	s, count := share(t), filepath.Join(t.TempDir(), "runs")
	c := s.cache(0)
	c.Store, c.Timeout = hanging{c.Store}, 1
	for range 4 {
		made(t, New(Options{Shared: c}), tallied(t, count, counts)).Discard()
	}
	if got := c.Stats(); got.Failures != 6 || runs(t, count) != 4 || len(s.said) != 4 { // three questions and three offers
		t.Errorf("%+v, %d builds, said %v", got, runs(t, count), s.said)
	}
}

// Of many checkouts of the same capsules that all begin at once, each with a process of its own, one
// builds each capsule, and all of them have it.
func TestManyCheckouts(t *testing.T) {
	testkit.Long(t)
	s, count := share(t), filepath.Join(t.TempDir(), "runs")
	checkouts, capsules := testkit.Rounds(4, 8), testkit.Rounds(3, 12)
	var wg sync.WaitGroup
	for range checkouts {
		b := New(Options{Shared: s.cache(0)})
		for i := range capsules {
			dir := tallied(t, count, counts)
			testkit.Write(t, filepath.Join(dir, "src.bin"), string(variant(fmt.Sprint("capsule ", i))))
			wg.Go(func() {
				in, err := b.Examine(t.Context(), dir)
				if err != nil {
					t.Error(err)
					return
				}
				staged, err := b.Build(t.Context(), in, nil)
				if err != nil {
					t.Error(err)
					return
				}
				defer staged.Discard()
				if got, err := os.ReadFile(staged.Modules[0].Path); err != nil || string(got) != string(variant(fmt.Sprint("capsule ", i))) {
					t.Errorf("capsule %d is %q, %v", i, got, err)
				}
			})
		}
	}
	wg.Wait()
	if n := runs(t, count); n != capsules {
		t.Errorf("%d checkouts of %d capsules ran %d builds", checkouts, capsules, n)
	}
}

// late is a store in which another process ends a build of the same after a look, and before the claim.
type late struct {
	*dir.Store
	ended func()
}

func (l late) Claim(ctx context.Context, key string, wait func()) (func(), bool, error) {
	l.ended()
	return l.Store.Claim(ctx, key, wait)
}

// What another process has made since this one looked is not made once more, and nobody waits for who has found it.
func TestMadeBeforeTheClaim(t *testing.T) {
	s, count := share(t), filepath.Join(t.TempDir(), "runs")
	store, err := dir.Open(s.folder, dir.Options{})
	testkit.Check(t, err)
	c := s.cache(0)
	c.Store = late{store, func() { made(t, New(Options{Shared: s.cache(0)}), tallied(t, count, counts)) }}
	staged, n := made(t, New(Options{Shared: c}), tallied(t, count, counts)), runs(t, count)
	if n != 1 || !staged.Shared || staged.claimed != nil {
		t.Errorf("%d builds, shared %v, claimed %v", n, staged.Shared, staged.claimed != nil)
	}
}

// Who has waited for a build that came to nothing builds too, and waits for nobody else.
func TestWaitedInVain(t *testing.T) {
	testkit.Long(t)
	s, count := share(t), filepath.Join(t.TempDir(), "runs")
	var wg sync.WaitGroup
	for range 3 {
		dir := tallied(t, count, "sleep 0.2; exit 1")
		b := New(Options{Shared: s.cache(0)})
		wg.Go(func() {
			in, err := b.Examine(t.Context(), dir)
			if err == nil {
				_, err = b.Build(t.Context(), in, nil)
			}
			var failure *finding.Failure
			if !errors.As(err, &failure) {
				t.Errorf("a build that fails ended with %v", err)
			}
		})
	}
	wg.Wait()
	if n := runs(t, count); n != 3 {
		t.Errorf("%d builds of 3 that fail", n)
	}
}

// What says more of the machine than of a shared result is no word against it: too little time, a stop, a process that somebody killed.
func TestABusyMachineRefusesNoSharedResult(t *testing.T) {
	failed := func(step finding.Step, code finding.Code) error {
		return &finding.Failure{Step: step, Findings: []finding.Finding{{Code: code, Message: "it failed"}}}
	}
	slow := []finding.Finding{{Code: finding.SmokeSlow, Severity: finding.Warning}}
	for name, c := range map[string]struct {
		err     error
		found   []finding.Finding
		refused bool
	}{
		"does not load":         {failed(finding.StepSmoke, finding.SmokeInvalid), nil, true},
		"takes too long":        {failed(finding.StepSmoke, finding.SmokeTimeout), nil, false},
		"its child is killed":   {failed(finding.StepSmoke, finding.SmokeChild), nil, false},
		"the disk is full":      {failed(finding.StepStage, finding.StageFailed), nil, false},
		"is judged otherwise":   {nil, nil, true},
		"was not loaded wholly": {nil, slow, false},
	} {
		if why := refusal(&Staged{Findings: c.found}, c.err); (why != "") != c.refused {
			t.Errorf("%s: %q", name, why)
		}
	}
}

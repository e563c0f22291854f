package session

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/ask"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

var (
	edits = flag.Int("edits", testkit.Rounds(20, 60), "how many edits TestNoAnswerForAnOlderTree makes")
	holds = flag.Int("holds", testkit.Rounds(8, 20), "how many holds TestAHoldIsOneEdit has")
)

const answerWait = 2 * time.Minute

// watching is a watch in this process.
type watching struct {
	hub   *hub.Hub
	stop  context.CancelFunc
	ended chan error
}

func start(t *testing.T, root string) *watching {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &watching{hub: hub.New(), stop: stop, ended: make(chan error, 1)}
	go func() {
		r.ended <- Watch(ctx, WatchOptions{Options: Options{Roots: []string{root}, Hub: r.hub}, Quiet: 60 * time.Millisecond, Settle: 5 * time.Millisecond})
	}()
	events := r.hub.Subscribe(0, hub.Fail(64<<20))
	await(t, events, "idle")
	events.Close()
	return r
}

func (r *watching) end(t *testing.T) {
	t.Helper()
	r.stop()
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// version is what a capsule's sources were at some time.
type version struct {
	hash  string
	sound bool
}

// edited is a capsule that a test edits. What it was is known by a hash of our own taking.
type edited struct {
	t    *testing.T
	dir  string
	mu   sync.Mutex // held while it is written, and its hash is taken
	list []version
}

// edit writes a source as an editor does, and notes the version that this makes.
func (e *edited) edit(content string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	tmp := filepath.Join(e.dir, "source~")
	if err := os.WriteFile(tmp, []byte(content), 0o644); err != nil {
		e.t.Error(err)
	}
	if err := os.Rename(tmp, filepath.Join(e.dir, "source")); err != nil {
		e.t.Error(err)
	}
	hash, err := builder.New(builder.Options{}).SourceHash(context.Background(), e.dir)
	if err != nil {
		e.t.Error(err)
	}
	e.list = append(e.list, version{hash, strings.HasPrefix(content, "\x00asm")})
}

func (e *edited) now() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.list) - 1
}

// check holds a verdict against what the sources were from a version on.
func (e *edited) check(v ask.Verdict, from int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, was := range e.list[from:] {
		if was.hash == v.SourceHash && was.sound == (v.State == event.Good) {
			return
		}
	}
	e.t.Errorf("%s is %s by %s; since version %d it was %+v", v.Capsule, v.State, v.SourceHash, from, e.list[from:])
}

// module is a module that n tells from others.
func module(n int) string { return fmt.Sprintf("\x00asm\x01\x00\x00\x00\x00\x09\x08%08d", n) }

// busy keeps the processors occupied until the test ends.
func busy(t *testing.T) {
	var stop atomic.Bool
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for n := 0; !stop.Load(); n++ {
				_ = n * n
			}
		})
	}
	t.Cleanup(func() { stop.Store(true); all.Wait() })
}

// Random edits, of which every 7th is wrong and every 5th undone, touches, modes and an outside
// input, with four who wait and a busy processor, and a watch that is ended and begun again: no
// answer is for an older tree, and none is missing.
func TestNoAnswerForAnOlderTree(t *testing.T) {
	testkit.Long(t)
	dir := small(t)
	root := filepath.Dir(dir)
	write(t, root, "shared", "0")
	manifest, err := os.ReadFile(filepath.Join(dir, "Capsule.toml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "Capsule.toml", string(manifest)+"inputs = [\"../shared\"]\n")
	e := &edited{t: t, dir: dir}
	e.edit(module(0))
	r := start(t, root)
	busy(t)
	ctx, done := context.WithCancel(t.Context())
	var waiters sync.WaitGroup
	var answers, ended atomic.Int64
	for range 4 {
		waiters.Go(func() {
			for ctx.Err() == nil {
				askOnce(ctx, e, &answers, &ended)
			}
		})
	}
	random := rand.New(rand.NewPCG(17, 1))
	few := func() bool { return answers.Load() < int64(*edits)/10 } // a burst of edits has one answer
	n := 0
	for ; n < *edits || few() && n < 50**edits; n++ {
		change(t, e, n, random)
		if n%25 == 24 {
			r.end(t)
			r = start(t, root)
		}
	}
	if w, err := ask.Find([]string{dir}); err != nil {
		t.Error(err)
	} else {
		from := e.now()
		a, err := w.Wait(t.Context(), []string{dir}, "", answerWait, nil)
		if err != nil || a.TimedOut || len(a.Capsules) != 1 {
			t.Fatalf("%v %+v", err, a)
		}
		e.check(a.Capsules[0], from)
	}
	done()
	waiters.Wait()
	r.end(t)
	t.Logf("%d edits, %d answers, %d times the watch had ended", n, answers.Load(), ended.Load())
	if few() {
		t.Error("that is hardly an answer")
	}
}

// askOnce waits for one answer, and checks it.
func askOnce(ctx context.Context, e *edited, answers, ended *atomic.Int64) {
	w, err := ask.Find([]string{e.dir})
	if err != nil { // it is being begun again
		ended.Add(1)
		time.Sleep(time.Millisecond)
		return
	}
	from := e.now()
	a, err := w.Wait(ctx, []string{e.dir}, "", answerWait, nil)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		ended.Add(1)
	case a.TimedOut:
		e.t.Error("a question hangs")
	case len(a.Capsules) != 1:
		e.t.Errorf("%+v", a)
	default:
		answers.Add(1)
		e.check(a.Capsules[0], from)
	}
}

// change makes the n-th edit.
func change(t *testing.T, e *edited, n int, random *rand.Rand) {
	source := filepath.Join(e.dir, "source")
	switch {
	case n%7 == 6:
		e.edit(fmt.Sprint("wrong ", n))
	case n%5 == 4:
		before, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		e.edit(module(1000 + n))
		e.edit(string(before))
	case n%11 == 3:
		if err := os.Chtimes(source, time.Time{}, time.Now()); err != nil {
			t.Fatal(err)
		}
	case n%11 == 7:
		if err := os.Chmod(source, 0o600+os.FileMode(n%2)*0o155); err != nil {
			t.Fatal(err)
		}
	case n%13 == 1:
		write(t, filepath.Dir(e.dir), "shared", fmt.Sprint(n))
	default:
		e.edit(module(n))
	}
	time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
}

// Holds over several files whose middle does not build: each is one build, and no failure is
// announced. Some holders go away without a word.
func TestAHoldIsOneEdit(t *testing.T) {
	testkit.Long(t)
	dir := small(t)
	r := start(t, dir)
	events := r.hub.Subscribe(1<<40, hub.Fail(64<<20))
	random := rand.New(rand.NewPCG(3, 3))
	for n := range *holds {
		w, err := ask.Find([]string{dir})
		if err != nil {
			t.Fatal(err)
		}
		ctx, gone := context.WithCancel(t.Context())
		release, err := w.HoldWhile(ctx, []string{dir}, answerWait)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 + random.IntN(39) {
			write(t, dir, fmt.Sprint("file", i), fmt.Sprint(n))
			write(t, dir, "source", "wrong")
		}
		time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
		write(t, dir, "source", module(n+1))
		if n%10 == 9 {
			gone()
		} else {
			release()
		}
		if w, err = ask.Find([]string{dir}); err != nil {
			t.Fatal(err)
		}
		for { // who let go without a word is noticed a little later
			a, err := w.Wait(t.Context(), []string{dir}, "", answerWait, nil)
			if err != nil || a.TimedOut || len(a.Capsules) != 1 || a.Capsules[0].State != event.Good {
				t.Fatalf("%v %+v", err, a)
			}
			break
		}
		gone()
	}
	r.end(t)
	builds := 0
	for item, ok := events.Next(); ok; item, ok = events.Next() {
		switch b := item.Event.Body.(type) {
		case event.BuildStarted:
			builds++
		case event.BuildFailed, event.SmokeFailed, event.Held:
			t.Errorf("announced: %s", item.Line)
		case event.Change:
			if b.ChangedCount < 3 {
				t.Errorf("a part of an edit: %s", item.Line)
			}
		}
	}
	if builds != *holds {
		t.Errorf("%d builds for %d holds", builds, *holds)
	}
}

// Eight who read and ask at once, one of which never reads: nobody misses an event or blocks another.
func TestEightAtOnce(t *testing.T) {
	testkit.Long(t)
	dir := small(t)
	r := start(t, dir)
	var all sync.WaitGroup
	read := make([]bytes.Buffer, 7)
	for i := range read {
		w, err := ask.Find([]string{dir})
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			if err := w.Events(t.Context(), 0, &read[i]); err != nil {
				t.Error(err)
			}
		})
	}
	never, _ := io.Pipe()
	defer never.Close()
	stuck, stop := context.WithCancel(t.Context())
	w, err := ask.Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	all.Go(func() { _ = w.Events(stuck, 0, blocking{stuck}) })
	for n := range 10 {
		write(t, dir, "source", module(n))
		w, err := ask.Find([]string{dir})
		if err != nil {
			t.Fatal(err)
		}
		if a, err := w.Wait(t.Context(), []string{dir}, "", answerWait, nil); err != nil || !a.Sound() || a.TimedOut {
			t.Fatalf("%v %+v", err, a)
		}
	}
	last := r.hub.Snapshot().Seq
	r.end(t)
	stop()
	all.Wait()
	for i := range read {
		seq := uint64(0)
		for line := range bytes.Lines(read[i].Bytes()) {
			if err := flat.Follows(line); err != nil {
				t.Errorf("%s%v", line, err)
			}
			e, err := event.Parse(line)
			if err != nil || e.Seq != seq+1 {
				t.Fatalf("after %d: %v %s", seq, err, line)
			}
			seq = e.Seq
		}
		if seq < last {
			t.Errorf("reader %d saw the events up to %d of %d", i, seq, last)
		}
	}
}

// blocking is a writer that is not read.
type blocking struct{ ctx context.Context }

func (b blocking) Write(p []byte) (int, error) { <-b.ctx.Done(); return 0, errors.New("gone") }

// A wait that is cut off goes on with its token, and one of another watch asks anew.
func TestAWaitGoesOn(t *testing.T) {
	dir := small(t)
	r := start(t, dir)
	hold, err := ask.Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	release, err := hold.HoldWhile(t.Context(), []string{dir}, answerWait)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "source", module(1))
	wait := func(token string, limit time.Duration) *ask.Answer {
		w, err := ask.Find([]string{dir})
		if err != nil {
			t.Fatal(err)
		}
		a, err := w.Wait(t.Context(), []string{dir}, token, limit, nil)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	first := wait("", 50*time.Millisecond)
	if !first.TimedOut {
		t.Fatalf("%+v", first)
	}
	release()
	second := wait(first.Token, answerWait)
	if second.TimedOut || second.Token != first.Token || !second.Sound() {
		t.Fatalf("%+v", second)
	}
	if third := wait("abc.1.1", answerWait); third.TimedOut || third.Token == first.Token {
		t.Errorf("%+v", third)
	}
	r.end(t)
	if w, err := ask.Find([]string{dir}); !errors.Is(err, ask.ErrNobody) {
		t.Errorf("%+v %v", w, err)
	}
}

// BenchmarkVerdict is how long after the verdict's event somebody who waits has it.
func BenchmarkVerdict(b *testing.B) {
	t := &testing.T{}
	dir := filepath.Join(b.TempDir(), "small")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	write(t, dir, "Capsule.toml", manifestOf("small"))
	write(t, dir, "source", module(0))
	ctx, stop := context.WithCancel(b.Context())
	h := hub.New()
	ended := make(chan error)
	go func() {
		ended <- Watch(ctx, WatchOptions{Options: Options{Roots: []string{dir}, Hub: h}, Quiet: 20 * time.Millisecond, Settle: 5 * time.Millisecond})
	}()
	var late []time.Duration
	for n := 0; b.Loop(); n++ {
		var w *ask.Watch
		for err := ask.ErrNobody; err != nil; w, err = ask.Find([]string{dir}) {
			time.Sleep(time.Millisecond)
		}
		write(t, dir, "source", module(n+1))
		a, err := w.Wait(ctx, []string{dir}, "", answerWait, nil)
		now := time.Now()
		if err != nil || len(a.Capsules) != 1 {
			b.Fatal(err)
		}
		e, err := event.Parse(a.Capsules[0].Event)
		if err != nil {
			b.Fatal(err)
		}
		late = append(late, now.Sub(e.Time))
	}
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)/2].Microseconds()), "p50-us")
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds()), "p99-us")
	stop()
	<-ended
}

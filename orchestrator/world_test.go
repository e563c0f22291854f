package orchestrator

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/inputs"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// world is a disk, a toolchain and a watcher that live in memory and in fake
// time. It checks, at every build and publication, what the loop promises.
type world struct {
	t       *testing.T
	mu      sync.Mutex // the loop's goroutines and the test's share everything below
	disk    map[string]*fake
	batches chan watcher.Batch
	retry   chan struct{}
	events  []flat.Event
	locks   map[string]bool
	folders map[string]time.Time // those below capsules, and when they last changed
	running int
	maxRun  int
	groups  map[string]int
}

// fake is a capsule on the world's disk.
type fake struct {
	content string // files' content; the source hash is "h(content)"
	stamp   int64  // counts every write, also of the same bytes
	wrote   int64  // when the newest one was
	gen     string // content of a second file, which is there when it is not empty
	genTime int64  // when that was written
	below   string // a source that never changes, when it is not empty
	group   string
	gone    bool

	hashTime, buildTime time.Duration
	onBuild             func(w *world, f *fake) // what a build writes, half-way through
	broken              func(content string) bool
	fault               *finding.Failure // why no build can begin
	mixed               bool             // other bytes were written since the newest build started

	publishes string             // the path of its module, for those that take it
	takes     []string           // other capsules' modules, by folder
	published int64              // when its module was last written
	built     []string           // what those held at each publication
	module    *builder.Published // what stands published
	moduleKey string             // and what it was built from
	blob      *builder.Published // the copy of what was published last; nil: it is gone
	blobKey   string
	onRestore func(w *world, f *fake) // what somebody does when the module was put back

	building bool
	builds   []string // contents that builds which ran to their end were given
	started  int
}

func newWorld(t *testing.T) *world {
	return &world{t: t, disk: map[string]*fake{}, batches: make(chan watcher.Batch),
		retry: make(chan struct{}), locks: map[string]bool{}, groups: map[string]int{}}
}

func (w *world) capsule(dir, content string) *fake {
	f := &fake{content: content, hashTime: time.Millisecond, buildTime: 100 * time.Millisecond}
	w.disk[dir] = f
	return f
}

// written notes a write, also one of the same bytes.
func (f *fake) written() { f.stamp, f.wrote = f.stamp+1, time.Now().UnixNano() }

func (w *world) config() Config {
	return Config{Jobs: 2, Roots: []string{"/"}, Batches: w.batches, Retry: w.retry,
		Find: w.find, Examine: w.examine, Build: w.build, Publish: w.publish, Exists: w.exists, Stands: w.stands, Restore: w.restore, LastChange: w.lastChange,
		Announce: func(e event.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			e.Seq, e.Time = uint64(len(w.events)+1), time.Now() // as the hub does
			w.events = append(w.events, flat.Of(e))
		}}
}

// run runs play beside the loop in a bubble of fake time, then lets the loop end.
func run(t *testing.T, setup func(w *world) Config, play func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		cfg := setup(w)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- Run(ctx, cfg) }()
		w.batches <- watcher.Batch{Lost: true}
		play(w)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if w.running != 0 {
			t.Errorf("%d builds outlived Run", w.running)
		}
	})
}

func (w *world) find(context.Context) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var dirs []string
	for dir, f := range w.disk {
		if !f.gone {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return dirs, nil
}

// lastChange is just now for a capsule's own folder.
func (w *world) lastChange(path string) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, there := w.folders[path]
	switch {
	case w.disk[path] != nil:
		return time.Now()
	case there:
		return at
	}
	return time.Time{}
}

func (w *world) exists(path string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.locks[path]
}

func (w *world) examine(ctx context.Context, dir string, _ *builder.Told) (*builder.Inputs, error) {
	w.mu.Lock()
	f := w.disk[dir]
	var hashTime time.Duration
	if f != nil {
		hashTime = f.hashTime
	}
	w.mu.Unlock()
	if f == nil {
		return nil, fs.ErrNotExist
	}
	time.Sleep(hashTime / 2)
	w.mu.Lock()
	hash := hashOf(f.content + f.gen)
	in := &builder.Inputs{Inputs: inputs.Inputs{Dir: dir, Name: strings.Trim(dir, "/"), SourceHash: hash, Key: hash, Group: f.group,
		Buildable: true, Lock: "/.git/index.lock", Skip: func(path string, _ bool) bool { return strings.HasSuffix(path, "/skipped") }, Governs: func(string) bool { return false }, Taken: time.Now(),
		Fault:   f.fault,
		Sources: &tree.Snapshot{Files: []tree.File{{Path: "main.go", Mtime: f.stamp, Ctime: f.wrote}}}}}
	if f.publishes != "" {
		in.Publishes = []string{f.publishes}
	}
	in.Others = &tree.Snapshot{}
	for _, up := range f.takes {
		in.Others.Files = append(in.Others.Files, tree.File{Path: w.disk[up].publishes, Ctime: w.disk[up].published})
		in.Outside = append(in.Outside, w.disk[up].publishes)
		in.Key += "+" + w.disk[up].moduleKey
	}
	if f.gen != "" {
		in.Sources.Files = append(in.Sources.Files, tree.File{Path: "gen.go", Mtime: f.genTime, Ctime: f.genTime})
	}
	if f.below != "" {
		in.Sources.Files = append(in.Sources.Files, tree.File{Path: f.below})
	}
	if f.moduleKey == in.Key {
		in.Current = f.module
	}
	gone := f.gone
	w.mu.Unlock()
	time.Sleep(hashTime / 2)
	if gone {
		return nil, fs.ErrNotExist
	}
	return in, ctx.Err()
}

func hashOf(content string) string { return "h(" + content + ")" }

func (w *world) build(ctx context.Context, in *builder.Inputs, _ io.Writer) (*builder.Staged, error) {
	s := &builder.Staged{Before: in}
	var err error = in.Fault
	if in.Fault == nil {
		err = w.compile(ctx, s)
	}
	if ctx.Err() == nil {
		s.After, s.Lost = w.examine(ctx, in.Dir, nil)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return s, err
}

func (w *world) compile(ctx context.Context, s *builder.Staged) error {
	in := s.Before
	f, half := w.startBuild(in)
	err := nap(ctx, half)
	if err == nil {
		w.mu.Lock()
		if f.onBuild != nil {
			f.onBuild(w, f)
		}
		w.mu.Unlock()
	}
	if err == nil {
		err = nap(ctx, half)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running--
	w.groups[f.group]--
	f.building = false
	if err != nil {
		return err
	}
	content := strings.TrimSuffix(strings.TrimPrefix(in.SourceHash, "h("), ")")
	f.builds = append(f.builds, content)
	if f.broken != nil && f.broken(content) {
		return &finding.Failure{Step: finding.StepBuild, ExitCode: 1, Findings: []finding.Finding{{Message: "broken"}}}
	}
	s.Modules = []builder.StagedModule{{Hash: fmt.Sprint(f.stamp)}}
	return nil
}

func (w *world) startBuild(in *builder.Inputs) (f *fake, half time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f = w.disk[in.Dir]
	w.running++
	w.groups[f.group]++
	w.maxRun = max(w.maxRun, w.running)
	f.started++
	if f.building {
		w.t.Errorf("two builds of %s at once", in.Dir)
	}
	if f.group != "" && w.groups[f.group] > 1 {
		w.t.Errorf("two builds of group %s at once", f.group)
	}
	f.building, f.mixed = true, false
	return f, f.buildTime / 2
}

// publish checks P1: what is published was built while nothing was written.
func (w *world) publish(_ context.Context, staged *builder.Staged, in *builder.Inputs) (*builder.Published, error) {
	time.Sleep(time.Millisecond)
	w.mu.Lock()
	defer w.mu.Unlock()
	if got, want := fmt.Sprint(in.Sources.Files[0].Mtime), staged.Modules[0].Hash; got != want && w.disk[in.Dir].mixed && w.disk[in.Dir].onBuild == nil {
		w.t.Errorf("P1: %s published from stamp %s, announced as stamp %s", in.Dir, want, got)
	}
	p := &builder.Published{Modules: []builder.Module{{ID: "main", Path: w.disk[in.Dir].publishes, Hash: staged.Modules[0].Hash}}}
	for _, up := range w.disk[in.Dir].takes {
		p.Modules[0].Hash += "+" + w.disk[up].moduleKey
		w.disk[in.Dir].built = append(w.disk[in.Dir].built, w.disk[up].content)
	}
	w.disk[in.Dir].published = time.Now().UnixNano()
	w.disk[in.Dir].module, w.disk[in.Dir].moduleKey = p, in.Key
	w.disk[in.Dir].blob, w.disk[in.Dir].blobKey = p, in.Key
	return p, nil
}

func (w *world) stands(dir, key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.disk[dir]
	return f.module != nil && f.moduleKey == key
}

func (w *world) restore(_ context.Context, dir, key string) (*builder.Published, []string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.disk[dir]
	switch {
	case f.blob == nil || f.blobKey != key:
		return nil, nil, builder.ErrNoCopy
	case f.module != nil:
		return f.blob, nil, nil
	}
	f.module, f.moduleKey = f.blob, key
	if f.onRestore != nil {
		f.onRestore(w, f)
	}
	return f.blob, []string{"a.wasm"}, nil
}

// takeAway removes what a capsule published, with its copy when copies is true, and tells the loop.
func (w *world) takeAway(dir string, copies bool) {
	w.mu.Lock()
	f := w.disk[dir]
	f.module, f.moduleKey = nil, ""
	if copies {
		f.blob = nil
	}
	path := f.publishes
	w.mu.Unlock()
	w.batches <- watcher.Batch{Paths: []string{path}}
}

func nap(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// fake is a copy of a capsule as it is now.
func (w *world) fake(dir string) fake {
	w.mu.Lock()
	defer w.mu.Unlock()
	return *w.disk[dir]
}

// slow makes builds of a capsule take d from now on.
func (w *world) slow(dir string, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disk[dir].buildTime = d
}

// write changes a capsule's content and tells the loop, as a watcher would.
func (w *world) write(dir, content string) {
	w.mu.Lock()
	f := w.disk[dir]
	paths := []string{dir + "/main.go"}
	if f.gone {
		paths = append(paths, dir+"/Capsule.toml")
	}
	f.mixed = f.mixed || f.content != content
	f.content, f.gone = content, false
	f.written()
	w.mu.Unlock()
	w.batches <- watcher.Batch{Paths: paths}
}

// own changes a capsule's content from inside a build.
func (w *world) own(f *fake, content string) {
	f.mixed = f.mixed || f.content != content
	f.content = content
	f.written()
	w.tell(f, "main.go")
}

// generate changes a capsule's second file from inside a build.
func (w *world) generate(f *fake, content string) {
	f.mixed = f.mixed || f.gen != content
	f.gen, f.genTime = content, time.Now().UnixNano()
	w.tell(f, "gen.go")
}

// tell sends the event of a write a little later.
func (w *world) tell(f *fake, name string) {
	for dir, other := range w.disk {
		if other == f {
			go func() {
				time.Sleep(time.Millisecond)
				w.batches <- watcher.Batch{Paths: []string{dir + "/" + name}}
			}()
		}
	}
}

// types lists the event types of one capsule, "" for all, since the index from.
func (w *world) types(capsule string, from int) []flat.Type {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []flat.Type
	for _, e := range w.events[from:] {
		if e.Type != flat.Idle && (capsule == "" || e.Capsule == capsule) {
			list = append(list, e.Type)
		}
	}
	return list
}

func (w *world) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.events)
}

func (w *world) expect(from int, want ...flat.Type) {
	w.t.Helper()
	if got := w.types("", from); !slices.Equal(got, want) {
		w.t.Errorf("events: got %v, want %v", got, want)
	}
}

func (w *world) last(typ flat.Type) flat.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range slices.Backward(w.events) {
		if e.Type == typ {
			return e
		}
	}
	w.t.Fatalf("no %s event in %v", typ, w.events)
	return flat.Event{}
}

func someTime(r *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(most)))
}

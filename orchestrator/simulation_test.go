package orchestrator

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/inputs"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// The simulation plays the loop's steps against a model of the disk, the watcher, the
// builder and its store, in virtual time and in one goroutine. Everything random comes
// from one seed, so that every failure can be played again: go test -run TestSimulation -seed 17 -simulations 1.

// giveUpWithin is how soon a build of old content must have been given up: the event may
// come late, git's lock and an unreadable file may hold the examination back.
const giveUpWithin = 18 * time.Second

// mostBuilds is more than a capsule is ever built in one play: a loop that builds without end
// is not played to its end.
const mostBuilds = 2000

// simulation is one play.
type simulation struct {
	t     *testing.T
	r     *rand.Rand
	cfg   Config
	now   time.Time
	skew  time.Duration // how far the clock that dates files has jumped
	queue agenda
	books watcher.Pending // what the watcher has seen, and the loop has not taken
	taken bool            // the loop takes it in a moment
	count int             // of everything ever put into queue: the order of what is due at one moment

	loop      *loop
	beside    []happening // what came and is taken in with what comes next
	together  []happening // what the last step took in
	life      int         // crashes so far: what an earlier life asked for is not told to this one
	wakeAt    time.Time   // when the loop wants to be stepped although nothing happened
	sims      map[string]*simCapsule
	dirs      []string
	questions []*simQuestion
	holds     []*simHold
	healthy   bool // every file can be read
	lock      bool // git's index.lock is there
	events    []flat.Event
	born      int // index of the first event of this life
	running   int
	groups    map[string]int
}

// simCapsule is a capsule on the model's disk, with what its builder and store know.
type simCapsule struct {
	dir, content string
	mtime, ctime int64
	stamps       int64
	gone         bool
	group        string
	debug        bool   // it has a debug form
	huge         bool   // a glance at it is sooner than a look at everything
	takes        string // the folder of a capsule whose module it takes
	slow         time.Duration
	look         time.Duration // how long an examination takes
	writes       string        // what its build does to its own sources: "", "same", "new", "once"
	hook         string        // what the command that its reload starts does to them: "none" is run, "" not even that
	hooks        int           // commands that run
	wroteAt      time.Time     // when it was last written
	heardAt      time.Time     // when the loop last heard of it
	told         bool          // and the loop has heard of that
	said         flat.Event    // the newest reload, build of the same module, failure or hold of this life
	loaded       string        // the module that was announced last
	kept         bool          // it stands since then, as far as anybody knows
	open         bool          // something happened to it of which the loop heard, and no verdict was said since
	twice        bool          // its newest word may be followed by another on the same
	changed      string        // the key that a change announced and no verdict is on yet
	judged       flat.Event    // the newest verdict
	attempt      int           // of the newest build that was said to begin
	released     time.Time     // when it was last let go
	history      []was         // what its sources were
	owed         bool          // a publication that a crash interrupted was completed, and nobody was told
	undone       time.Time     // when an edit of it was last undone at once
	dead         time.Duration // its newest build takes so long to die

	build    *simBuild
	started  int
	releases int                // of these were releases in place of debug modules
	wrote    int64              // when the module was written
	module   *builder.Published // what stands
	record   string             // the key that it was built from
	blob     *builder.Published // the copy in the store
	blobKey  string
	newest   *builder.Published // what was published last, whether it stands or not
	intent   *builder.Published // an interrupted publication
	pending  *builder.Published // what a publication under way will put in place
	failures map[string]*finding.Failure
}

type simBuild struct {
	life      int
	release   bool // of a debug module's sources
	cancelled bool
	done      bool
	read      string // the content that the compiler read
	result    func()
}

// due is something that happens at a moment.
type due struct {
	at    time.Time
	order int
	do    func()
}

type agenda []due

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at.Before(a[j].at) || a[i].at.Equal(a[j].at) && a[i].order < a[j].order
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(due)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	s := &simulation{t: t, r: rand.New(rand.NewPCG(seed, 13)), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		sims: map[string]*simCapsule{}, groups: map[string]int{}}
	s.cfg = Config{Jobs: 1 + s.r.IntN(3), Roots: []string{"/"},
		Exists:     func(string) bool { return s.lock },
		LastChange: s.lastChange,
	}.withDefaults()
	for i := range 1 + s.r.IntN(5) {
		dir := fmt.Sprintf("/%c", 'a'+i)
		c := &simCapsule{dir: dir, content: "0", slow: someTime(s.r, 4*time.Second) + 2, look: someTime(s.r, 80*time.Millisecond) + 2, failures: map[string]*finding.Failure{}}
		if s.r.IntN(20) == 0 {
			c.slow = 20*time.Second + someTime(s.r, 30*time.Second)
		}
		if s.r.IntN(4) == 0 {
			c.group = "shared"
		}
		if i > 0 && s.r.IntN(4) == 0 {
			c.takes = s.dirs[s.r.IntN(i)]
		}
		c.writes = []string{"", "", "", "", "", "same", "new", "once"}[s.r.IntN(8)]
		c.debug, c.huge = s.r.IntN(3) > 0, s.r.IntN(3) == 0
		if c.huge {
			c.look += someTime(s.r, 800*time.Millisecond)
		}
		c.hook = []string{"", "", "", "", "none", "same", "new", "once"}[s.r.IntN(8)]
		if c.slow > 20*time.Second && c.hook == "new" { // ten rounds of that, three times, are longer than a play
			c.hook = ""
		}
		s.write(c, "0", false)
		s.sims[dir], s.dirs = c, append(s.dirs, dir)
	}
	return s
}

func (s *simulation) at(after time.Duration, do func()) {
	s.count++
	heap.Push(&s.queue, due{s.now.Add(after), s.count, do})
}

// start begins a life: the first, or the one after a crash.
func (s *simulation) start() {
	s.life++
	s.loop, s.born = newLoop(s.cfg), len(s.events)
	s.running, s.groups, s.books, s.taken, s.beside = 0, map[string]int{}, watcher.Pending{}, false, nil
	for _, c := range s.sims {
		c.said, c.judged, c.heardAt, c.open, c.changed, c.kept, c.owed = flat.Event{}, flat.Event{}, time.Time{}, false, "", false, false
	}
	s.tell(begun{s.there()})
	s.later(someTime(s.r, 50*time.Millisecond), changed{watcher.Batch{Lost: true}})
}

// crash ends a life wherever it is. A publication under way has not begun, is half
// done, or is done and was not told.
func (s *simulation) crash() {
	for _, dir := range s.dirs {
		c := s.sims[dir]
		if p := c.pending; p != nil {
			switch s.r.IntN(3) {
			case 1:
				c.intent, c.module, c.record = p, nil, ""
			case 2:
				s.put(c, p)
			}
		}
		c.build, c.pending, c.hooks = nil, nil, 0
	}
	s.start()
}

// later tells this life of h after a while; a life that has ended hears nothing.
func (s *simulation) later(after time.Duration, h happening) {
	life := s.life
	s.at(after, func() {
		if life == s.life {
			s.comes(h)
		}
	})
}

// comes tells of h, or has it lie beside what comes next: the loop takes in the results that came while it was busy in one step.
func (s *simulation) comes(h happening) {
	result := true
	switch h.(type) {
	case changed, Withdraw, hooked:
		result = false
	}
	if !result || s.r.IntN(4) > 0 {
		s.tell(h)
		return
	}
	s.beside = append(s.beside, h)
	life := s.life
	s.at(someTime(s.r, 10*time.Millisecond), func() {
		if life == s.life && len(s.beside) > 0 {
			s.tell(passed{})
		}
	})
}

func (s *simulation) tell(h happening) {
	if ch, is := h.(changed); is {
		s.heard(ch.batch)
	}
	if _, is := h.(asked); is { // that is a doubt about each
		for _, c := range s.sims {
			c.open = true
		}
	}
	s.together, s.beside = append(s.beside, h), nil
	effects, wait := s.loop.step(s.now, s.together...)
	if wait <= 0 {
		s.t.Fatalf("%s: a step asks to be called again at once", s.clock())
	}
	s.wakeAt = s.now.Add(wait)
	for _, e := range effects {
		s.carryOut(e)
	}
	s.interrupted()
}

// interrupted: while a verdict is waited for no release is being built.
func (s *simulation) interrupted() {
	waited := ""
	for dir, c := range s.loop.capsules {
		if j := c.work.job; c.work.want || j != nil && !j.release {
			waited = dir
		}
	}
	for _, c := range s.sims {
		if b := c.build; waited != "" && b != nil && b.life == s.life && b.release && !b.cancelled && !b.done {
			s.t.Errorf("%s: a release of %s goes on while %s is to be built", s.clock(), c.dir, waited)
		}
	}
}

// beside is how the name of a file ends that is written to take another one's place: an event of it tells nothing of that one.
const beside = ".tmp"

// heard notes what the loop is told of the disk.
func (s *simulation) heard(batch watcher.Batch) {
	if !s.loop.placed { // that is no change: it tells that every watch is placed
		return
	}
	for _, c := range s.sims {
		if batch.Lost || slices.ContainsFunc(batch.Paths, func(path string) bool { return strings.HasPrefix(path, c.dir) && !strings.HasSuffix(path, ".wasm") }) {
			c.heardAt, c.open = s.now, true
			c.told = c.told || batch.Lost || slices.ContainsFunc(batch.Paths, func(path string) bool {
				return strings.HasPrefix(path, c.dir) && !strings.HasSuffix(path, ".wasm") && !strings.HasSuffix(path, beside)
			})
		}
		if c.takes != "" && (slices.Contains(batch.Paths, c.takes+"/out.wasm") || slices.Contains(batch.Paths, c.takes)) {
			c.open = true
		}
	}
}

// play goes on for d.
func (s *simulation) play(d time.Duration) {
	end := s.now.Add(d)
	for {
		next := end
		if len(s.queue) > 0 && s.queue[0].at.Before(next) {
			next = s.queue[0].at
		}
		if s.wakeAt.Before(next) {
			s.now = s.wakeAt
			s.tell(passed{})
			continue
		}
		s.now = next
		if len(s.queue) == 0 || s.queue[0].at.After(end) || next.Equal(end) {
			return
		}
		heap.Pop(&s.queue).(due).do()
	}
}

func (s *simulation) clock() string { return s.now.Format("15:04:05.000") }

func (s *simulation) there() (dirs []string) {
	for _, dir := range s.dirs {
		if !s.sims[dir].gone {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// write changes a file; tell: the watcher sees it, a little later, or loses it and says so later.
func (s *simulation) write(c *simCapsule, content string, tell bool) {
	was := c.gone
	c.content, c.gone, c.wroteAt, c.told = content, false, s.now, false
	c.stamps++
	c.ctime = s.now.Add(s.skew).UnixNano()
	c.note(s.now)
	c.mtime = c.ctime + c.stamps // two writes at one moment differ, as they do by their inode's change time
	if !tell {
		return
	}
	paths := []string{c.dir + "/main.go"}
	if was {
		paths = append(paths, c.dir+"/"+tree.ManifestName)
	}
	s.report(paths...)
}

// report has the watcher see what happened to paths, a little later, or lose it and notice
// that later still.
func (s *simulation) report(paths ...string) {
	life, lost, after := s.life, s.r.IntN(12) == 0, someTime(s.r, 20*time.Millisecond)
	if lost {
		after = someTime(s.r, time.Second)
	}
	s.at(after, func() {
		switch {
		case life != s.life:
		case lost:
			s.books.Lose()
			s.offer()
		default:
			for _, path := range paths {
				s.books.Add(path)
			}
			s.offer()
		}
	})
}

// offer has the loop take what is in the watcher's books when it comes to it.
func (s *simulation) offer() {
	if s.taken {
		return
	}
	s.taken = true
	life := s.life
	s.at(someTime(s.r, 3*time.Millisecond), func() {
		if life != s.life {
			return
		}
		batch := s.books.Batch()
		s.books.Sent()
		s.taken = false
		s.tell(changed{batch})
	})
}

func (s *simulation) lastChange(path string) time.Time {
	for _, c := range s.sims {
		if path == c.dir || path == c.dir+"/main.go" {
			return time.Unix(0, c.ctime)
		}
	}
	return time.Time{}
}

// examination is what is on the disk now. A capsule's recovery is part of it, as in the builder.
func (s *simulation) examination(c *simCapsule) (*builder.Inputs, error) {
	if c.gone {
		return nil, fs.ErrNotExist
	}
	in := &builder.Inputs{Inputs: inputs.Inputs{Dir: c.dir, Name: strings.Trim(c.dir, "/"), SourceHash: hashOf(c.content), Group: c.group, Buildable: true,
		Lock: "/.git/index.lock", Taken: s.now, Skip: func(string, bool) bool { return false },
		Sources:   &tree.Snapshot{Files: []tree.File{{Path: "main.go", Size: int64(len(c.content)), Mtime: c.mtime, Ctime: c.ctime}}},
		Others:    &tree.Snapshot{},
		Publishes: []string{c.dir + "/out.wasm"}}, Quality: builder.Release}
	if c.debug {
		in.Quality = builder.Debug
	}
	in.Key = in.SourceHash
	if up := s.sims[c.takes]; up != nil {
		path := up.dir + "/out.wasm"
		in.Outside = []string{path}
		if up.module != nil {
			in.Others.Files = []tree.File{{Path: path, Ctime: up.wrote}}
			in.Key += "+" + up.module.Modules[0].Hash
		}
	}
	if c.intent != nil {
		s.put(c, c.intent)
		in.Recovered, c.intent = c.module, nil
	}
	s.stand(c, in)
	return in, nil
}

// stand fills in what is known of builds of in.
func (s *simulation) stand(c *simCapsule, in *builder.Inputs) {
	in.Current = nil
	if c.module != nil && c.record == in.Key {
		in.Current = c.module
	}
	in.Verdict, in.ReleaseVerdict = c.failures[string(in.Quality)+in.Key], c.failures[string(builder.Release)+in.Key]
}

// put makes p what stands published.
func (s *simulation) put(c *simCapsule, p *builder.Published) {
	c.wrote = s.now.Add(s.skew).UnixNano()
	c.newest, c.module, c.record, c.blob, c.blobKey, c.intent, c.pending = p, p, p.SourceHash+p.Modules[0].Blob, p, p.SourceHash+p.Modules[0].Blob, nil, nil
}

func (s *simulation) carryOut(e effect) {
	switch e := e.(type) {
	case say:
		e.event.Seq, e.event.Time = uint64(len(s.events)-s.born+1), s.now // as the hub does
		s.hear(flat.Of(e.event))
	case find:
		s.later(someTime(s.r, 20*time.Millisecond), found{dirs: s.there()})
	case examine:
		s.examine(s.sims[e.c.dir], e)
	case glance:
		s.glance(s.sims[e.c.dir], e)
	case build:
		s.build(s.sims[e.c.dir], e)
	case note:
		s.later(someTime(s.r, 20*time.Millisecond), noted{})
	case reply:
		e.question.Answer(e.verdicts)
	case cancel:
		s.cancel(s.sims[e.c.dir])
	case publish:
		s.publish(s.sims[e.c.dir], e)
	case inspect:
		c := s.sims[e.c.dir]
		s.later(someTime(s.r, 10*time.Millisecond), inspected{e.c, e.key, c.module != nil && c.record == e.key, e.since})
	case restore:
		s.restore(s.sims[e.c.dir], e)
	}
}

// examine looks at the disk somewhere in the middle of its time.
func (s *simulation) examine(c *simCapsule, e examine) {
	took := c.look
	if s.r.IntN(50) == 0 {
		took = someTime(s.r, 5*time.Second) // a slow disk
	}
	life, half := s.life, someTime(s.r, took)
	s.at(half, func() {
		in, err := s.examination(c)
		if in != nil && e.told != nil && !slices.Contains(e.told.Paths, c.dir+"/main.go") { // nobody looks at it
			was := e.told.Since
			in.Key = was.SourceHash + strings.TrimPrefix(in.Key, in.SourceHash)
			in.SourceHash, in.Sources = was.SourceHash, was.Sources
			s.stand(c, in)
		}
		if s.r.IntN(100) == 0 && !s.healthy {
			in, err = nil, errors.New("permission denied")
		}
		if life == s.life {
			c.owed = c.owed || in != nil && in.Recovered != nil
			s.later(took-half, examined{e.c, in, err, e.edited})
		}
	})
}

// glance looks at the one file of a huge capsule: another size proves another content.
func (s *simulation) glance(c *simCapsule, e glance) {
	s.at(someTime(s.r, 5*time.Millisecond), func() {
		h := glanced{e.c, e.in, nil}
		if now, err := s.examination(c); c.huge && err == nil && slices.Contains(e.paths, c.dir+"/main.go") && now.Sources.Files[0].Size != e.in.Sources.Files[0].Size {
			in := *e.in
			in.Sources, in.Taken, in.Key, in.SourceHash, in.Verdict, in.ReleaseVerdict = now.Sources, s.now, "", "", nil, nil
			h.now = &in
		}
		s.later(someTime(s.r, time.Millisecond), h)
	})
}

// build reads the sources somewhere in the middle of its time, and looks at the disk at its end.
func (s *simulation) build(c *simCapsule, e build) {
	if c.build != nil {
		s.t.Errorf("%s: two builds of %s at once", s.clock(), c.dir)
	}
	s.running++
	s.groups[c.group]++
	if c.group != "" && s.groups[c.group] > 1 {
		s.t.Errorf("%s: two builds of group %s at once", s.clock(), c.group)
	}
	if s.running > 2*s.cfg.Jobs {
		s.t.Errorf("%s: %d builds at once", s.clock(), s.running)
	}
	release := e.c.work.job.release
	if standing := c.module != nil && c.record == e.in.Key && (c.module.Quality == builder.Release || !release); standing && !c.stirs() && c.takes == "" && e.c.work.job.reason != "retry" {
		s.t.Errorf("%s: P4: %s is built from %s, which stands published", s.clock(), c.dir, e.in.SourceHash)
	}
	c.started++
	if c.started > mostBuilds {
		s.t.Fatalf("P4: %s was built %d times in one play", c.dir, c.started)
	}
	if release {
		c.releases++
	}
	b := &simBuild{life: s.life, release: release}
	c.build, c.dead = b, someTime(s.r, 200*time.Millisecond)
	b.result = func() { s.buildEnds(c, b, e) }
	if e.in.Verdict != nil {
		s.at(time.Millisecond, b.result)
		return
	}
	took := c.slow/2 + someTime(s.r, c.slow/2+1)
	s.at(someTime(s.r, took), func() {
		if b.life == s.life && !b.cancelled {
			b.read = c.content
			s.overwrite(c, c.writes)
		}
	})
	s.at(took, b.result)
}

// overwrite does to the capsule's sources what its build, or the command that its reload starts, does.
func (s *simulation) overwrite(c *simCapsule, how string) {
	content := c.content
	switch how {
	case "", "none":
		return
	case "new":
		content += "!!!" // three: whether it builds does not change
	case "once":
		if !strings.HasSuffix(content, "?") {
			content += "?"
		}
	}
	s.write(c, content, true)
}

func (s *simulation) cancel(c *simCapsule) {
	b := c.build
	if slices.ContainsFunc(s.together, func(h happening) bool { b, is := h.(built); return is && b.c.dir == c.dir }) {
		return // its end came in the same step
	}
	if b == nil || b.done {
		s.t.Fatalf("%s: a build of %s is cancelled that is not there", s.clock(), c.dir)
	}
	b.cancelled = true
	s.at(c.dead, b.result)
}

func (s *simulation) buildEnds(c *simCapsule, b *simBuild, e build) {
	if b.done || b.life != s.life {
		return
	}
	b.done, c.build = true, nil
	if !b.cancelled && !e.c.work.job.committed && e.in.SourceHash != "" && hashOf(c.content) != e.in.SourceHash && s.now.Sub(c.wroteAt) > giveUpWithin {
		s.t.Errorf("%s: %s was built to the end from %s, long after it was %s", s.clock(), c.dir, e.in.SourceHash, c.content)
	}
	s.running--
	s.groups[c.group]--
	if b.cancelled {
		s.tell(built{e.c, outcome{err: context.Canceled}})
		return
	}
	after, err := s.examination(c)
	end := outcome{staged: &builder.Staged{Before: e.in, After: after, Lost: err}}
	switch {
	case e.in.Verdict != nil:
		end.err = e.in.Verdict
	case breaks(b.read) || e.in.Quality == builder.Release && c.debug && breaksAsRelease(b.read):
		f := &finding.Failure{Step: finding.StepBuild, ExitCode: 1, Findings: []finding.Finding{{Message: b.read}}}
		if end.err = f; after != nil && e.in.Key != "" && len(end.staged.Moved()) == 0 {
			c.failures[string(e.in.Quality)+e.in.Key] = f
		}
	default:
		end.staged.Modules = []builder.StagedModule{{Hash: compiled(b.read, e.in.Quality)}}
	}
	s.tell(built{e.c, end})
}

func (s *simulation) publish(c *simCapsule, e publish) {
	hash := e.staged.Modules[0].Hash
	if c.writes == "" && c.hook != "same" && hash != compiled(strings.TrimSuffix(strings.TrimPrefix(e.in.SourceHash, "h("), ")"), e.in.Quality) {
		s.t.Errorf("%s: P1: %s is published as built from %s, and holds %s", s.clock(), c.dir, e.in.SourceHash, hash)
	}
	if c.told && hashOf(c.content) != e.in.SourceHash && !e.c.work.job.committed {
		s.t.Errorf("%s: P3: %s is published from %s, and the loop knows that it changed", s.clock(), c.dir, e.in.SourceHash)
	}
	if quiet := s.now.Sub(c.heardAt); quiet < s.cfg.Quiet && c.heardAt.After(c.released) && s.now.Sub(e.c.burst.first) < s.cfg.MaxWait && !e.c.work.job.committed {
		s.t.Errorf("%s: %s is published %s after a change, within the quiet window", s.clock(), c.dir, quiet)
	}
	if e.c.work.job.release && (c.newest == nil || c.newest.SourceHash != e.in.SourceHash) {
		s.t.Errorf("%s: a release of %s is published from %s, and no debug module of that stands", s.clock(), c.dir, e.in.SourceHash)
	}
	p := &builder.Published{SourceHash: e.in.SourceHash, Quality: e.in.Quality, Modules: []builder.Module{{ID: "main", Path: c.dir + "/out.wasm", Hash: hash, Blob: strings.TrimPrefix(e.in.Key, e.in.SourceHash)}}}
	c.pending = p
	life, half := s.life, someTime(s.r, 20*time.Millisecond)
	s.at(half, func() {
		if life != s.life {
			return
		}
		if s.r.IntN(60) == 0 {
			c.pending = nil
			s.later(0, published{e.c, nil, &finding.Failure{Step: finding.StepStage, Findings: []finding.Finding{{Message: "no space left"}}}})
			return
		}
		s.put(c, p)
		s.report(c.dir + "/out.wasm")
		s.later(someTime(s.r, 20*time.Millisecond), published{e.c, p, nil})
	})
}

func (s *simulation) restore(c *simCapsule, e restore) {
	if c.build != nil || c.pending != nil {
		s.t.Errorf("%s: %s's module is put back while its build may write it", s.clock(), c.dir)
	}
	h := restored{c: e.c, err: builder.ErrNoCopy}
	if c.blob != nil && c.blobKey == e.key {
		h.err, h.modules = nil, c.blob
		if c.module == nil {
			h.files = []string{"out.wasm"}
		}
		c.module, c.record = c.blob, c.blobKey
	}
	s.later(someTime(s.r, 20*time.Millisecond), h)
}

// afterReload runs the command that a reload starts, one at a time, which writes at some moment.
func (s *simulation) afterReload(c *simCapsule) {
	if c.hook == "" || c.hooks > 0 {
		return
	}
	c.hooks++
	began, took := someTime(s.r, 5*time.Millisecond), someTime(s.r, 3*time.Second)
	s.later(began, hooked{HookRun{Dir: c.dir, Running: true}})
	life := s.life
	s.at(began+1+someTime(s.r, took), func() {
		if life == s.life && !c.gone {
			s.overwrite(c, c.hook)
		}
	})
	s.at(began+1+took, func() {
		if life == s.life {
			c.hooks--
			s.tell(hooked{HookRun{Dir: c.dir}})
		}
	})
}

// breaks reports whether content does not build.
func breaks(content string) bool {
	code, _, _ := strings.Cut(content, "#")
	return len(code)%3 == 2
}

// breaksAsRelease reports whether content, which builds, does not as a release: what only the
// linker or the optimizer finds.
func breaksAsRelease(content string) bool {
	code, _, _ := strings.Cut(content, "#")
	return strings.HasSuffix(code, "7")
}

// compiled is what a build makes of content: a comment does not change it, the quality does,
// but for code that nothing can be made better of.
func compiled(content string, q builder.Quality) string {
	code, _, _ := strings.Cut(content, "#")
	if strings.HasSuffix(code, "5") {
		q = ""
	}
	return "wasm(" + code + string(q) + ")"
}

// stirs reports whether something but the edits writes the capsule's sources.
func (c *simCapsule) stirs() bool { return c.writes != "" || c.hook != "" && c.hook != "none" }

// endless is more events than any play has: about a thousand.
const endless = 10_000

// hear checks what is announced at the moment when it is said.
func (s *simulation) hear(e flat.Event) {
	if s.events = append(s.events, e); len(s.events) > endless {
		s.t.Fatalf("%s: %d events, and there is no end of them", s.clock(), len(s.events))
	}
	c := s.sims[e.Dir]
	s.answers(c, e)
	s.heldBack(c, e)
	switch e.Type {
	case flat.BuildFailed, flat.Held:
		if e.Step != "sources" { // then what was said before still holds of what can be read
			c.said = e
		}
		return
	case flat.Unchanged:
		if !e.Rebuilt {
			if s.standing(c, e); e.ArtifactHash != "" {
				c.loaded = e.ArtifactHash
			}
			return
		}
		if c.loaded != e.ArtifactHash {
			s.t.Errorf("%s: %s is said to have the module that stood there, and nobody was told of it", s.clock(), e.Dir)
		}
		c.said = e
	case flat.Reload:
		if e.Reason != "an interrupted publication was completed" && c.loaded == e.ArtifactHash && c.kept {
			s.t.Errorf("%s: %s is reloaded, and the module is the one before", s.clock(), e.Dir)
		}
		c.said, c.kept = e, c.module != nil
		s.afterReload(c)
	default:
		return
	}
	c.loaded = e.ArtifactHash
	s.fed(e.Dir)
	if c.newest == nil || c.newest.SourceHash != e.SourceHash || c.newest.Modules[0].Hash != e.ArtifactHash {
		s.t.Errorf("%s: a reload of %s is announced from %s, and was not published", s.clock(), e.Dir, e.SourceHash)
	}
}

// standing checks an event that says that nothing is new.
func (s *simulation) standing(c *simCapsule, e flat.Event) {
	switch {
	case strings.Contains(e.Reason, "held as before") && c.said.Type != flat.Held,
		strings.Contains(e.Reason, "failed to build before") && c.said.Type != flat.BuildFailed:
		s.t.Errorf("%s: %s: %q, and the word before it is %q", s.clock(), c.dir, e.Reason, c.said.Type)
	case e.Reason == "" && (c.newest == nil || c.newest.SourceHash != e.SourceHash):
		s.t.Errorf("%s: P2: %s is said to be unchanged at %s, and that was not published", s.clock(), c.dir, e.SourceHash)
	}
}

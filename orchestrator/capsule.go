package orchestrator

import (
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// capsule is what the loop knows of one capsule. Only the loop's goroutine touches it.
type capsule struct {
	dir       string
	announced bool // capsule_added was due or the capsule was there at start

	in   *builder.Inputs // the newest accepted examination; nil before the first
	gone bool            // it found no manifest

	unreadable string // the newest examination failed with this
	warned     bool   // and somebody was told
	rules      bool   // what counts as a source may have changed: the watcher needs a new plan

	// A burst is a row of changes less than a quiet window apart.
	open     bool
	first    time.Time // the burst's first change
	last     time.Time // its newest change
	restless time.Time // there was no quiet window since this change; zero: there is one now
	patient  bool      // no early build: wait for the whole quiet window
	edited   time.Time // newest change that was seen before in was taken; latency counts from here

	dirty     bool      // something changed since in was taken
	retryAt   time.Time // the last examination failed: try again then
	examining bool
	capped    bool // MaxWait ran out: the next examination counts even if more changes come

	want      bool // in.Key is to be built
	wantSince time.Time
	reason    string
	overdue   bool // MaxWait ran out for it: build although more changes come
	retried   bool // the user asked for it
	job       *job

	processed   string             // the key last published, failed or held; "" when nothing was
	published   string             // the key last published
	modules     *builder.Published // what was published from it
	publishedAt time.Time
	product     product            // whether they still stand
	recovered   *builder.Published // what an interrupted publication put in place, to be announced
	processedIn *builder.Inputs    // the inputs that belong to it
	unanswered  bool               // a change was announced, and no verdict since
	source      string             // the source hash last announced
	previous    string             // the source hash of the newest reload, of an earlier run too
	state       state
	reloads     int // since it was added
	earlier     int // before it was removed and came back; the wire's generation counts both

	lap     lap      // how what is wanted came about, see circle.go
	laps    clock    // of all builds since somebody's edit to which other builds led
	circled int      // held for a circle since then, and built once more in quiet: so often
	runs    []span   // the newest builds, and what their reloads started
	hook    *span    // what the newest reload started, while it runs
	led     []string // the row of the newest reload

	superseded int // builds superseded in a row
	feedback   feedback
	suspicion  *suspicion      // not nil: somebody, or the build, writes its inputs; see suspect.go
	hands      map[string]bool // files written while nothing was built: somebody edits them
	others     map[string]bool // files written while its own build did not run: that is not their only author
	newborn    map[string]bool // files that were not there at first; true: a build or a command of --on-reload made them
	heldIn     *builder.Inputs // held: the inputs at that moment
	heldFiles  []string        // and what builds saw change
	probeAt    time.Time       // held: when to build it once more
	probed     bool            // held: that build was started
	late       int             // since somebody's edit: held, and built once more in quiet: so often
}

// state is how the last processed key ended.
type state int

const (
	fresh  state = iota // nothing was processed yet
	good                // published
	failed              // announced as failed
	held                // builds change their own inputs
)

// job is one build from start to publication.
type job struct {
	in        *builder.Inputs
	reason    string
	started   time.Time
	published time.Time // phase publishing: when that began
	edited    time.Time // the newest edit that it contains
	row       []string  // the builds that led to it, itself the last
	committed bool      // runs to its end whatever changes
	cancelled bool
	blocked   bool     // it waits for another process, or did
	disturbed bool     // other content was seen while it ran
	noticed   []string // paths below the capsule of which events told while it ran

	phase   phase
	staged  *builder.Staged // phase held: it built
	failure error           // phase held: it did not
	touched []string        // inputs that the build rewrote with the same bytes, folders in which it made and removed files
}

type phase int

const (
	running    phase = iota
	waiting          // built; the outcome is held until the burst ends
	publishing       //
)

// feedback counts builds in a row that changed the same inputs.
type feedback struct {
	files     []string        // what the newest of them changed
	count     int             // all of them
	same      int             // those since files have a name in common
	when      clock           // from the start of a build to the write that disturbed it
	rewritten []string        // the newest build gave them new times and the same bytes
	touches   map[string]bool // inputs that this capsule's build is known to rewrite with the same bytes
}

// change records that something below the capsule may have changed at now.
func (c *capsule) change(now time.Time) {
	if !c.open {
		c.open, c.first, c.patient, c.capped = true, now, false, false
	}
	if c.restless.IsZero() {
		c.restless = now
	}
	c.last, c.dirty, c.retryAt = now, true, time.Time{}
}

// generation counts c's reloads in this run, those before it was removed too.
func (c *capsule) generation() int { return c.earlier + c.reloads }

// settle makes in's key the last processed one.
func (c *capsule) settle(in *builder.Inputs, how state) {
	c.processed, c.processedIn, c.state = in.Key, in, how
	if how != held {
		c.acquit()
	}
}

// acquit ends a suspicion, and the wait for a build in quiet.
func (c *capsule) acquit() {
	c.probeAt, c.probed, c.suspicion = time.Time{}, false, nil
}

// release lets go of a capsule that is held or suspected. Nobody was told of a
// suspicion, so that what was suspected was not processed either.
func (c *capsule) release() {
	if c.state == held && c.suspicion != nil {
		c.processed = ""
	}
	c.heldIn, c.heldFiles = nil, nil
	c.acquit()
}

// quietAt is when the burst counts as over, MaxWait included.
func (c *capsule) quietAt(cfg *Config) time.Time {
	return earlier(c.last.Add(cfg.Quiet), c.first.Add(cfg.MaxWait))
}

// examineAt is when the capsule's inputs are due to be hashed.
func (c *capsule) examineAt(cfg *Config) time.Time {
	switch {
	case !c.retryAt.IsZero():
		return c.retryAt
	case !c.open:
		return c.last
	case c.patient:
		return c.quietAt(cfg)
	}
	return earlier(c.last.Add(cfg.Settle), c.first.Add(cfg.MaxWait))
}

// lost reports whether what was published no longer stands there, as an
// examination begun after the publication saw it: somebody deleted the module,
// or put another folder with the same sources in this one's place.
func (c *capsule) lost() bool {
	if c.modules == nil || c.in.Key != c.published || !c.in.Taken.After(c.publishedAt) {
		return false
	}
	return c.in.Current == nil || !slices.EqualFunc(c.in.Current.Modules, c.modules.Modules,
		func(a, b builder.Module) bool { return a.Path == b.Path && a.Hash == b.Hash })
}

// stands reports whether the newest examination is of what was published last.
func (c *capsule) stands() bool { return c.state == good && c.in != nil && c.in.Key == c.processed }

// settled reports whether what is known of the capsule is what is on its disk,
// as far as events tell.
func (c *capsule) settled() bool { return !c.open && !c.dirty && !c.examining }

func (c *capsule) name() string {
	if c.in == nil {
		return ""
	}
	return c.in.Name
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

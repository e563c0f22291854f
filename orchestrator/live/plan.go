package live

import (
	"maps"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// offer is a capsule's package as it is to be installed. It is never changed.
type offer struct {
	dir, name string
	manifest  *capsule.Manifest // nil: its values are with the runtime already
	archive   []byte
	folder    string // instead of an archive
	digest    string // of the archive or folder; equal ones are the same package

	source     string // hash of the sources, "" for what was there before us
	key        string // digest of all that it was built from
	generation int
	artifact   string // hash of the module
	quality    event.Quality
	reason     string    // why it is installed, where no reload led to it
	news       bool      // a reload: somebody waits for what becomes of it
	putBack    bool      // the last good one, after another was refused
	edited     time.Time // when the newest edit in it was made; zero: no edit led to it
}

// as is o for another reason, which no edit led to.
func (o *offer) as(reason string, putBack bool) *offer {
	again := *o
	again.reason, again.putBack, again.news, again.edited = reason, putBack, false, time.Time{}
	return &again
}

// standing is what is known of one capsule.
type standing struct {
	want *offer // to be installed; nil: nothing
	turn int    // its place in the line of those
	runs *offer // what this process of the runtime said that it runs, or one before it where they are apart
	good *offer // the newest that a runtime ran, or else what the runtime had before us
	had  bool   // the runtime had a package before us, which is not ours to remove
	bad  string // digest of what the runtime refused last
	last *offer // that, where nothing newer was offered since
	owes bool   // the runtime keeps a package that it refused, and would load it at its next start
	lost int    // how often the runtime went away while it installed want
}

// plan decides what is installed next. It does nothing itself, waits for nothing and asks no
// clock: who carries it out tells it what happened.
type plan struct {
	renews   bool // the runtime is the session's own: a full limit is answered by a fresh process
	rolls    bool // the runtime is the user's, and gets the last good package back
	limit    limiter
	capsules map[string]*standing // by folder
	turns    int                  // places in line that were given out
}

func newPlan(renews, rolls bool) *plan {
	return &plan{renews: renews, rolls: rolls, capsules: map[string]*standing{}}
}

// verdict says what becomes of an offer.
type verdict int

const (
	waits   verdict = iota // it is installed when its turn comes
	already                // the runtime runs these bytes
	refused                // the runtime refused these bytes before
)

// offer takes in the newest package of a capsule. What still waits of the capsule is worth
// nothing any more.
func (p *plan) offer(o *offer) verdict {
	c := p.of(o.dir)
	switch {
	case o.digest == c.bad:
		c.last = o
		return refused // what waits is older, and better
	case c.runs != nil && o.digest == c.runs.digest && !c.owes:
		c.want, c.runs, c.good, c.last = nil, o, o, nil
		return already
	}
	c.last = nil
	p.line(c, o)
	return waits
}

// line puts o into the line, in the place of what waited of the same capsule.
func (p *plan) line(c *standing, o *offer) {
	if c.want == nil {
		p.turns++
		c.turn = p.turns
	}
	if c.want == nil || c.want.digest != o.digest {
		c.lost = 0
	}
	c.want = o
}

func (p *plan) of(dir string) *standing {
	c := p.capsules[dir]
	if c == nil {
		c = &standing{}
		p.capsules[dir] = c
	}
	return c
}

// forget drops a capsule that is not watched any more. The runtime keeps it.
func (p *plan) forget(dir string) { delete(p.capsules, dir) }

// step is what to do next: install, renew the process, or wait. All zero: nothing.
type step struct {
	install *offer
	renew   bool
	wait    time.Duration
	next    *offer // what goes after wait
}

// next is what to do now. Where the runtime keeps what it refused comes first: its next start
// would load that.
func (p *plan) next(now time.Time) step {
	var first *standing
	for _, c := range p.capsules {
		if c.want != nil && (first == nil || before(c, first)) {
			first = c
		}
	}
	switch wait := p.limit.wait(now); {
	case first == nil:
		return step{}
	case wait == 0:
		return step{install: first.want}
	case p.renews:
		return step{renew: true}
	default:
		return step{wait: wait, next: first.want}
	}
}

// apart reports whether there are more capsules than a process of the session's own takes without
// a wait. Then a fresh one goes on with those that change: the others have been proven, and to
// install all of them again and again would take a minute for each ten.
func (p *plan) apart() bool {
	known := 0
	for _, c := range p.capsules {
		if c.want != nil || c.runs != nil {
			known++
		}
	}
	return p.renews && known > daemon.MaxInstalls
}

func before(a, b *standing) bool {
	if a.owes != b.owes {
		return a.owes
	}
	return a.turn < b.turn
}

// installed takes in that the runtime runs o.
func (p *plan) installed(o *offer, now time.Time) {
	p.limit.took(now)
	c := p.of(o.dir)
	c.runs, c.good, c.owes, c.lost = o, o, false, 0
	if c.bad == o.digest {
		c.bad = ""
	}
	p.served(c, o)
}

// refuse takes in that the runtime refused o, or that it cannot be installed, and that the
// runtime goes on with what it ran. asked: it was an install that counts. kept: the runtime
// keeps o for its next start all the same. It reports whether the capsule has to be taken
// out of the runtime, where it was not before.
func (p *plan) refuse(o *offer, now time.Time, asked, kept bool) (remove bool) {
	if asked {
		p.limit.took(now)
	}
	c := p.of(o.dir)
	c.bad, c.last, c.lost, c.owes = o.digest, o, 0, p.rolls && (c.owes || kept)
	p.served(c, o)
	if c.good != nil && c.good.digest == o.digest {
		c.good = nil // another release took it
	}
	switch {
	case !p.rolls && !p.renews || c.want != nil: // a newer one mends it, or says the same again
		return false
	case c.good == nil:
		remove, c.owes = c.owes && !c.had, false
		return remove
	case c.owes || c.runs == nil:
		p.line(c, c.good.as(putBackReason, true))
	}
	return false
}

const putBackReason = "the last good one was put back"

// served takes o out of the line, unless a newer one took its place.
func (p *plan) served(c *standing, o *offer) {
	if c.want == o {
		c.want = nil
		return
	}
	p.turns++
	c.turn = p.turns // after those who waited in the meantime
}

// gone takes in that the process has ended, and that another one comes, which has to prove
// again what it runs: so what ran is offered again, unless they are apart. It reports whether the process went away
// for the second time while it installed during, which is nil where it installed nothing.
func (p *plan) gone(during *offer, reason string) (again bool) {
	p.limit = limiter{}
	apart := p.apart()
	for _, dir := range slices.Sorted(maps.Keys(p.capsules)) {
		c := p.capsules[dir]
		if apart {
			continue
		}
		if c.runs != nil && c.want == nil {
			p.line(c, c.runs.as(reason, false))
		}
		c.runs = nil
	}
	if during == nil {
		return false
	}
	c := p.of(during.dir)
	if c.want != during {
		return false
	}
	c.lost++
	return c.lost > 1
}

// retry takes in that somebody wants what was refused tried again, in the capsules in dirs. What
// stands in the way may lie outside of it: a value that was missing, an operator's list.
func (p *plan) retry(dirs []string) {
	for _, dir := range dirs {
		c := p.capsules[dir]
		if c != nil && c.last != nil {
			p.line(c, c.last.as(retryReason, false))
			c.bad, c.last = "", nil
		}
	}
}

const retryReason = "retry"

// met takes in that the runtime had the package o of the capsule in dir before anything was
// installed here. Where o has no folder it could not be kept.
func (p *plan) met(dir string, o *offer) {
	c := p.of(dir)
	c.had = true
	if c.good == nil && o.folder != "" {
		c.good = o
	}
}

package orchestrator

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// Builds of several capsules may write each other's inputs, round and round, and
// a command that is run after a reload may write the inputs of any. So
// every build knows its row: the builds that led to it, each having written what
// the next was started for. A capsule that stands in its own row too often is
// held, like one whose build writes its own inputs.

const (
	runsKept  = 8                     // builds remembered of each capsule: a write is looked at soon after the build that made it
	hookLimit = 2                     // rounds by way of a command: what it wrote once it writes after each reload
	handLimit = 10                    // the same of files that somebody edits: it may run for long, and people save meanwhile
	clockTick = 10 * time.Millisecond // how far a file's time may lie behind the clock, on kernels that count 100 a second
)

// trail is which builds, and commands that reloads started, led to a capsule's builds.
type trail struct {
	lap     lap      // how what is wanted came about
	laps    clock    // of all builds since somebody's edit to which other builds led
	circled int      // held for a circle since then, and built once more in quiet: so often
	runs    []span   // the newest builds, and what their reloads started
	hook    *span    // what the newest reload started, while it runs
	led     []string // the row of the newest reload
}

// span is one build that has ended or is under way, or a command that its reload started.
type span struct {
	from, to time.Time
	row      []string // the folders of the capsules whose builds led to it, itself the last
	hook     bool     // it is such a command
}

// ran records c's build, which ends now.
func (c *capsule) ran(now time.Time) {
	c.trail.keep(span{from: c.work.job.started, to: now, row: c.work.job.row})
}

func (t *trail) keep(s span) {
	t.runs = append(t.runs, s)
	t.runs = t.runs[max(0, len(t.runs)-runsKept):]
}

// hooked records a command that a reload started.
func (l *loop) hooked(h HookRun, now time.Time) {
	c := l.capsules[h.Dir]
	switch {
	case c == nil:
	case h.Running:
		c.trail.hook = &span{from: now, row: c.trail.led, hook: true}
	case c.trail.hook != nil:
		c.trail.hook.to = now
		c.trail.keep(*c.trail.hook)
		c.trail.hook = nil
	}
}

// lap is how what is new in a capsule's inputs came about.
type lap struct {
	row    []string      // the builds that led to it
	hooked bool          // by way of a command that a reload started
	after  time.Duration // from the start of the newest of them to the write
	edit   bool          // some of it was written while nobody was built: that was somebody's edit
}

// circles reports whether c stands in its own row too often to be built again.
func (l *loop) circles(c *capsule, now time.Time) bool {
	c.trail.lap = lap{edit: c.work.retried}
	if !c.work.retried {
		c.trail.lap = l.lapOf(c, now)
	}
	if c.trail.lap.edit {
		c.trail.laps, c.trail.circled, c.hold.late = clock{}, 0, 0
	}
	return rounds(c.trail.lap.row, c.dir) >= c.rounds()
}

// rounds is how often c may stand in its row.
func (c *capsule) rounds() int {
	switch {
	case !c.trail.lap.hooked:
		return feedbackLimit
	case c.standing.in != nil && common(c.standing.in.Changed(c.in), names(c.authors.hands)):
		return handLimit
	}
	return hookLimit
}

// lapOf is how what is new in c's inputs since they were processed came about.
// What c's own builds wrote leads to nothing by itself.
func (l *loop) lapOf(c *capsule, now time.Time) (newest lap) {
	if c.standing.in == nil {
		return lap{}
	}
	times := c.standing.in.Written(c.in)
	if len(times) == 0 {
		return lap{}
	}
	builds := l.runsWithin(slices.MinFunc(times, time.Time.Compare), slices.MaxFunc(times, time.Time.Compare), now)
	for _, at := range times {
		found := false
		for _, r := range builds {
			if !within(at, r) {
				continue
			}
			found = true
			if (r.hook || r.builds() != c.dir) && rounds(r.row, c.dir) >= rounds(newest.row, c.dir) {
				newest = lap{row: r.row, hooked: r.hook, after: at.Sub(r.from)}
			}
		}
		if !found {
			return lap{edit: true}
		}
	}
	return newest
}

// runsWithin are the builds that were under way between first and last.
func (l *loop) runsWithin(first, last, now time.Time) []span {
	var list []span
	for _, dir := range l.order {
		c := l.capsules[dir]
		runs := c.trail.runs
		if j := c.work.job; c.work.running() {
			runs = append(slices.Clip(runs), span{from: j.started, to: now, row: j.row})
		}
		if c.trail.hook != nil {
			runs = append(slices.Clip(runs), span{from: c.trail.hook.from, to: now, row: c.trail.hook.row, hook: true})
		}
		for _, r := range runs {
			if !last.Before(r.from.Add(-clockTick)) && !first.After(r.to) {
				list = append(list, r)
			}
		}
	}
	return list
}

// builds is the folder of the capsule that was built.
func (r span) builds() string { return r.row[len(r.row)-1] }

func within(at time.Time, r span) bool {
	return !at.Before(r.from.Add(-clockTick)) && !at.After(r.to)
}

// rounds is how often dir was built in row.
func rounds(row []string, dir string) (n int) {
	for _, d := range row {
		if d == dir {
			n++
		}
	}
	return n
}

// holdCircle stops building a capsule that stands in its own row. The first time
// it is built once more in quiet: two people, or one with two windows, may have
// saved in turns while builds ran. Where the moments of the writes are not those of
// builds, this is so for some more times, each after twice as much quiet.
func (l *loop) holdCircle(c *capsule, now time.Time) {
	changed := c.standing.in.Changed(c.in)
	var others []string
	for _, dir := range c.trail.lap.row {
		if other := l.capsules[dir]; dir != c.dir && other != nil && !slices.Contains(others, other.name()) {
			others = append(others, other.name())
		}
	}
	c.hold.by(nil, nil) // any edit between builds releases it
	c.settle(c.in, held)
	c.hold.probeAt, c.hold.probed = time.Time{}, false
	next := "after an edit" // it was built once more, and that went round too
	if c.trail.circled == 0 || c.trail.circled < lateTries && !c.trail.laps.with(c.trail.lap.after).steady() {
		c.hold.probeIn(probeAfter<<c.trail.circled, now)
		next = "when the disk is quiet, then only after an edit"
	}
	message := fmt.Sprintf("builds of %s and its own change each other's sources, round and round; it is built once more %s", strings.Join(others, ", "), next)
	if len(others) == 0 {
		message = "the command of --on-reload changes its sources after every reload; it is built once more " + next
	}
	l.announceFor(c, event.Held{Files: changed, SourceHash: c.in.SourceHash, Message: message, Hint: c.circleHint(changed)})
}

func (c *capsule) circleHint(changed []string) string {
	if slices.ContainsFunc(changed, filepath.IsAbs) {
		return "let no build write what another one reads, or take the file out of inputs"
	}
	return c.ignoreHint(changed, "if a build or the command of --on-reload writes them, let it write into an ignored folder", false)
}

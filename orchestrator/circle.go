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

// span is one build that has ended or is under way, or a command that its reload started.
type span struct {
	from, to time.Time
	row      []string // the folders of the capsules whose builds led to it, itself the last
	hook     bool     // it is such a command
}

// ran records c's build, which ends now.
func (c *capsule) ran(now time.Time) {
	c.keep(span{from: c.job.started, to: now, row: c.job.row})
}

func (c *capsule) keep(s span) {
	c.runs = append(c.runs, s)
	c.runs = c.runs[max(0, len(c.runs)-runsKept):]
}

// hooked records a command that a reload started.
func (l *loop) hooked(h HookRun, now time.Time) {
	c := l.capsules[h.Dir]
	switch {
	case c == nil:
	case h.Running:
		c.hook = &span{from: now, row: c.led, hook: true}
	case c.hook != nil:
		c.hook.to = now
		c.keep(*c.hook)
		c.hook = nil
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
	c.lap = lap{edit: c.retried}
	if !c.retried {
		c.lap = l.lapOf(c, now)
	}
	if c.lap.edit {
		c.laps, c.circled, c.late = clock{}, 0, 0
	}
	return rounds(c.lap.row, c.dir) >= c.rounds()
}

// rounds is how often c may stand in its row.
func (c *capsule) rounds() int {
	switch {
	case !c.lap.hooked:
		return feedbackLimit
	case c.processedIn != nil && common(c.processedIn.Changed(c.in), names(c.hands)):
		return handLimit
	}
	return hookLimit
}

// lapOf is how what is new in c's inputs since they were processed came about.
// What c's own builds wrote leads to nothing by itself.
func (l *loop) lapOf(c *capsule, now time.Time) (newest lap) {
	if c.processedIn == nil {
		return lap{}
	}
	times := c.processedIn.Written(c.in)
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
		runs := c.runs
		if j := c.job; j != nil && j.phase == running {
			runs = append(slices.Clip(runs), span{from: j.started, to: now, row: j.row})
		}
		if c.hook != nil {
			runs = append(slices.Clip(runs), span{from: c.hook.from, to: now, row: c.hook.row, hook: true})
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
	changed := c.processedIn.Changed(c.in)
	var others []string
	for _, dir := range c.lap.row {
		if other := l.capsules[dir]; dir != c.dir && other != nil && !slices.Contains(others, other.name()) {
			others = append(others, other.name())
		}
	}
	c.heldIn, c.heldFiles = nil, nil // any edit between builds releases it
	c.settle(c.in, held)
	c.probeAt, c.probed = time.Time{}, false
	next := "after an edit" // it was built once more, and that went round too
	if c.circled == 0 || c.circled < lateTries && !c.laps.with(c.lap.after).steady() {
		c.probeAt, next = now.Add(probeAfter<<c.circled), "when the disk is quiet, then only after an edit"
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

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
	hookLimit = 2  // rounds by way of a command: what it wrote once it writes after each reload
	handLimit = 10 // the same of files that somebody edits: it may run for long, and people save meanwhile
)

// hooked records a command that a reload started.
func (l *loop) hooked(h HookRun, now time.Time) {
	l.busy = l.busy || h.Running
	c := l.capsules[h.Dir]
	switch {
	case c == nil:
	case h.Running:
		c.trail.hook = &span{from: now, row: c.trail.led, hook: true}
		if c.trail.led == nil { // the reload was that of a capsule which was removed, and this one came in its place
			c.trail.hook.row = []string{c.dir}
		}
	case c.trail.hook != nil:
		c.trail.hook.to = now
		c.trail.keep(*c.trail.hook)
		c.trail.hook = nil
	}
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
	times := c.written(c.standing.in, c.in, now)
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
	c.hold.acquit()         // somebody was told now; what was suspected meanwhile is forgotten
	next := "after an edit" // it was built once more, and that went round too
	if c.trail.circled == 0 || c.trail.circled < lateTries && !c.trail.laps.with(c.trail.lap.after).steady() {
		c.hold.probeIn(probeAfter<<c.trail.circled, now)
		next = "when the disk is quiet, then only after an edit"
	}
	message := fmt.Sprintf("builds of %s and its own change each other's sources, round and round; it is built once more %s", strings.Join(others, ", "), next)
	if len(others) == 0 {
		message = "the command of --on-reload changes its sources after every reload; it is built once more " + next
	}
	l.conclude(c, c.in, 0, event.Held{Files: changed, SourceHash: c.in.SourceHash, Basis: c.told.basis(c.in, 0), Message: message, Hint: c.circleHint(changed)})
}

func (c *capsule) circleHint(changed []string) string {
	if slices.ContainsFunc(changed, filepath.IsAbs) {
		return "let no build write what another one reads, or take the file out of inputs"
	}
	return c.ignoreHint(changed, "if a build or the command of --on-reload writes them, let it write into an ignored folder", false)
}

package console

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// board is how every capsule stands, as far as events told: what the last line of a screen says.
type board struct {
	rows   map[string]*row // by folder
	begun  int             // builds since the last idle
	queued int             // builds that are due and have not begun
	since  time.Time       // when nothing was left to do; zero: something is
}

// row is one capsule.
type row struct {
	name  string
	state event.State
	began time.Time // of the build that runs; zero: none does
	odd   bool      // its module is not kernel-ready
	due   bool      // a change was told of, and no build of it began yet
}

func newBoard() *board { return &board{rows: map[string]*row{}} }

func (b *board) of(e event.Event) *row {
	r := b.rows[e.Dir]
	if r == nil {
		r = &row{state: event.Unknown}
		b.rows[e.Dir] = r
	}
	r.name = cmp.Or(e.Capsule, r.name)
	return r
}

// take takes in e, which was told at now.
func (b *board) take(e event.Event, now time.Time) {
	switch body := e.Body.(type) {
	case event.Ready:
		b.queued = body.Queued
		for _, s := range body.Watched {
			b.of(event.Event{Capsule: s.Capsule, Dir: s.Dir})
		}
	case event.Snapshot:
		for _, s := range body.Standing {
			b.of(event.Event{Capsule: s.Capsule, Dir: s.Dir}).state = s.State
		}
	case event.CapsuleAdded:
		b.of(e)
	case event.CapsuleRemoved:
		delete(b.rows, e.Dir)
	case event.BuildStarted:
		r := b.of(e)
		r.began, r.due, b.since = now, false, time.Time{}
		b.begun, b.queued = b.begun+1, body.Queued
	case event.Change:
		if r := b.of(e); !r.due && r.state != event.Unknown { // else it is among those that were due already
			r.due, b.since = true, time.Time{}
			b.queued++ // until a build that begins tells how many there are
		}
	case event.BuildSuperseded:
		b.of(e).began = time.Time{}
		b.begun--
	case event.BuildFailed, event.SmokeFailed:
		b.judge(e, event.Failed)
	case event.Held:
		b.judge(e, event.OnHold)
	case event.Reload:
		b.judge(e, event.Good)
		b.of(e).odd = finding.Count(body.Findings, finding.Error) > 0
	case event.Unchanged:
		b.judge(e, cmp.Or(body.State, event.Good))
		if body.Hash != "" { // else it tells nothing of what is published
			b.of(e).odd = finding.Count(body.Findings, finding.Error) > 0
		}
	case event.Idle:
		b.rest(body, now)
	}
}

func (b *board) judge(e event.Event, state event.State) {
	r := b.of(e)
	r.state, r.began, r.due = state, time.Time{}, false
}

// rest notes that nothing is left to do.
func (b *board) rest(e event.Idle, now time.Time) {
	b.begun, b.queued, b.since = 0, 0, now
	for _, r := range b.rows {
		r.began, r.due = time.Time{}, false
	}
	for _, s := range e.Failing { // one whose sources cannot be read was told of in another way
		if r := b.rows[s.Dir]; r != nil && r.state == event.Good {
			r.state = event.Failed
		}
	}
}

// building reports whether a build runs.
func (b *board) building() bool { return len(b.running()) > 0 }

// running are the capsules with a build under way, the longest first.
func (b *board) running() (list []*row) {
	for _, r := range b.rows {
		if !r.began.IsZero() {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *row) int { return cmp.Or(a.began.Compare(b.began), strings.Compare(a.name, b.name)) })
	return list
}

// red are the capsules that are failed or held and not being built, in the order of their folders.
func (b *board) red() (dirs []string) {
	for dir, r := range b.rows {
		if r.began.IsZero() && (r.state == event.Failed || r.state == event.OnHold) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return dirs
}

// names are what the capsules in dirs are called.
func (b *board) names(dirs []string) (names []string) {
	for _, dir := range dirs {
		names = append(names, text.Name(cmp.Or(b.rows[dir].name, filepath.Base(dir))))
	}
	return names
}

// part is a piece of the last line in one colour.
type part struct {
	colour colour
	text   string
}

// parts are "9 sound", "2 failed (auth, chat)" and "[4/12] building email (5 s)", as far as there is
// something to say. brief 1 leaves out the names of what failed, 2 those of what is built.
func (b *board) parts(now time.Time, brief int) (list []part) {
	sound, odd, waiting := 0, 0, 0
	for _, r := range b.rows {
		switch {
		case !r.began.IsZero():
		case r.state == event.Good:
			sound++
			if r.odd {
				odd++
			}
		case r.state == event.Unknown:
			waiting++
		}
	}
	if sound > 0 {
		list = append(list, part{green, b.some(sound, "sound")})
		if sound == len(b.rows) && sound > 1 {
			list[0].text = "all sound"
		}
		if odd > 0 && brief < 2 {
			list[0].text += notReady(odd, len(b.rows))
		}
	}
	if dirs := b.red(); len(dirs) > 0 {
		failed := b.some(len(dirs), "failed")
		if len(b.rows) > 1 {
			failed += namedIn(b.names(dirs), brief)
		}
		list = append(list, part{red, failed})
	}
	if builds := b.running(); len(builds) > 0 {
		list = append(list, part{plain, b.progress(builds, now, brief)})
	}
	if waiting > 0 && brief < 3 {
		word := "waiting"
		if !b.since.IsZero() {
			word = "not built yet"
		}
		list = append(list, part{dim, b.some(waiting, word)})
	}
	return list
}

// some is "3 failed", and "failed" where there is but one capsule.
func (b *board) some(n int, word string) string {
	if len(b.rows) == 1 {
		return word
	}
	return fmt.Sprintf("%d %s", n, word)
}

// notReady is " (3 not kernel-ready)".
func notReady(odd, all int) string {
	if all == 1 {
		return ", not kernel-ready"
	}
	return fmt.Sprintf(" (%d not kernel-ready)", odd)
}

// namedIn is " (auth, chat)".
func namedIn(names []string, brief int) string {
	if brief > 0 {
		return ""
	}
	more := ""
	if len(names) > filesNamed {
		more = fmt.Sprintf(" and %d more", len(names)-filesNamed)
		names = names[:filesNamed]
	}
	return " (" + strings.Join(names, ", ") + more + ")"
}

// progress is "[4/12] building email (5 s), chat (2 s)".
func (b *board) progress(list []*row, now time.Time, brief int) string {
	said := "building"
	if total := b.begun + b.queued; total > 1 {
		said = fmt.Sprintf("[%d/%d] building", b.begun, total)
	}
	var each []string
	for _, r := range list {
		took := fmt.Sprintf("(%d s)", int(now.Sub(r.began).Seconds()))
		if brief > 1 {
			return said + " " + took
		}
		each = append(each, text.Name(r.name)+" "+took)
	}
	return said + " " + strings.Join(each, ", ")
}

// noCapsule stands in the last line where the last capsule went: the watch goes on, and takes one that comes.
const noCapsule = "no capsule: one that comes is watched"

// line is the whole last line, in as many words as width columns have room for.
func (b *board) line(width int, now time.Time, paint func(colour, string) string) string {
	line := ""
	if len(b.rows) == 0 {
		return text.Cut(paint(dim, noCapsule), width)
	}
	for brief := range 4 {
		var said, bare []string
		for _, p := range b.parts(now, brief) {
			said, bare = append(said, paint(p.colour, p.text)), append(bare, p.text)
		}
		count := text.Count(len(b.rows), "capsule") + ": "
		if brief == 3 {
			count = ""
		}
		line = count + strings.Join(said, ", ")
		length := text.Width(count + strings.Join(bare, ", "))
		if since := ", since " + b.since.Format(clock); !b.since.IsZero() && length+len(since) <= width {
			line, length = line+paint(dim, since), length+len(since)
		}
		if length <= width {
			if hint := "  ? for keys"; !b.since.IsZero() && length+len(hint) <= width {
				line += paint(dim, hint)
			}
			return line
		}
	}
	return text.Cut(line, width)
}

// title is what the terminal's title says: the worst first.
func (b *board) title() string {
	switch dirs := b.red(); {
	case len(dirs) > 0:
		return fmt.Sprintf("%d failed", len(dirs)) + namedIn(b.names(dirs), 0) + " - astrid-dev"
	case b.building():
		return "building - astrid-dev"
	case b.since.IsZero(), len(b.rows) == 0:
		return "astrid-dev"
	}
	return text.Count(len(b.rows), "capsule") + " sound - astrid-dev"
}

// Package console is the reader of the hub that tells a person what happens, beside the
// live output of builds; and it says for everybody what a finding looks like in a line.
package console

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

const (
	wordWidth = 9       // "unchanged", the longest usual first word
	eventRoom = 4 << 20 // bytes of event lines that may wait for a terminal that is not read
	clock     = "15:04:05"
)

// Options choose how a Console looks. The zero value is for a log file:
// plain lines, nothing shortened.
type Options struct {
	Dir     string     // paths below it are shown relative to it
	Colour  bool       // the caller decides, see NoColour; places in files are links then
	Width   func() int // columns of the terminal, asked before each drawing; nil or 0: no terminal, and no last line
	Verbose bool       // a terminal shows the output of builds too; without one it is always shown
	Short   bool       // one line a finding for a problem matcher, and the beginning and the end of each round
	Quiet   bool       // leaves out build_started, build_superseded and idle
	Once    bool       // the loop ends at the first idle: nobody is told what is watched
	Keys    bool       // single keys are read: what they do is said at the beginning

	// Changed tells that the terminal has another width, or that the program goes on after it
	// was stopped: the last line is drawn again. nil: nobody does.
	Changed <-chan struct{}
	// Now is the clock of the last line; nil: time.Now.
	Now func() time.Time
}

// NoColour reports whether the environment asks for plain text: NO_COLOR is
// set and not empty, or TERM is "dumb".
func NoColour(getenv func(string) string) bool {
	return getenv("NO_COLOR") != "" || getenv("TERM") == "dumb"
}

// Console tells a person what happens: one line an event, what is wrong below
// it, and on a terminal a last line that says how every capsule stands. It is safe
// for concurrent use and never blocks: when the terminal is not read, live
// output is left out first, and how many lines were is said later.
type Console struct {
	o       Options
	q       *queue
	events  *hub.Subscription // read under mu only, so that their order and that of live output is kept
	stop    chan struct{}
	clock   sync.WaitGroup // the last line's goroutines
	reading sync.WaitGroup
	stopped sync.Once

	mu      sync.Mutex             // guards all below
	partial map[string][]byte      // by capsule: live output without its line end yet
	kept    map[string]*kept       // by capsule: what the newest build printed and was not shown
	board   *board                 // how every capsule stands
	verdict map[string]event.Event // by folder: why a capsule is failed or held
	said    map[string]bool        // findings of modules that load which were said
	live    map[string]bool        // by capsule: output of the build under way was shown
	ready   bool
	opened  bool   // the terminal's own title was put aside
	title   string // that the terminal has now
	drawn   int    // columns of the last line that stands on the terminal; 0: none does
	ticking bool
	missed  int // lines that found no room
}

// New tells all events of h to w. The caller closes the Console.
func New(w io.Writer, h *hub.Hub, o Options) *Console {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Width == nil {
		o.Width = func() int { return 0 }
	}
	c := &Console{o: o, q: newQueue(w), events: h.Subscribe(0, hub.Drop(eventRoom)), stop: make(chan struct{}), board: newBoard(),
		partial: map[string][]byte{}, kept: map[string]*kept{}, verdict: map[string]event.Event{}, said: map[string]bool{}, live: map[string]bool{}}
	c.reading.Go(c.read)
	if o.Changed != nil {
		c.clock.Go(c.redraw)
	}
	return c
}

// read tells events as they come, until there will be no more.
func (c *Console) read() {
	for c.events.Wait(context.Background()) == nil {
		c.mu.Lock()
		c.catchUp()
		c.mu.Unlock()
	}
}

// catchUp tells the events that were published so far. Whoever is about to show something
// else calls it first: a build's output comes after the word that it began.
func (c *Console) catchUp() {
	item, some := c.events.Next()
	if !some {
		return
	}
	for ; some; item, some = c.events.Next() {
		c.missed += c.events.Missed()
		c.tell(item.Event)
	}
	c.draw()
}

// tell shows one event.
func (c *Console) tell(e event.Event) {
	c.track(e)
	switch {
	case c.o.Short:
		c.say(shortText(e, c.o.Dir), eventRoom)
	case !c.hidden(e.Body):
		c.say(c.render(c.news(e, c.entryFor(e)), e.Time), eventRoom)
		if n, some := c.testsEntry(e); some {
			c.say(c.render(n, e.Time), eventRoom)
		}
	}
	if e.Body.Kind() == (event.Ready{}).Kind() {
		c.ready = true
		if c.o.Keys && c.screen() && !c.o.Once && !c.o.Short {
			c.say(c.render(keysEntry, e.Time), eventRoom)
		}
	}
}

// screen reports whether this is a terminal that has a last line.
func (c *Console) screen() bool { return c.o.Width() > 0 && !c.o.Short }

// entryFor is what a person is told about e who has read all that was said before.
func (c *Console) entryFor(e event.Event) entry {
	switch b := e.Body.(type) {
	case event.BuildFailed:
		if c.live[e.Capsule] && b.Step != "tests" {
			b.Tail = "" // it stands above already; a guest's words never do
			e.Body = b
		}
	case event.Idle:
		if c.o.Once {
			return doneEntry(b)
		}
	}
	return entryFor(e, c.o.Dir)
}

// hidden says what is left out. A change is: the build that follows, or what
// stands in its way, says as much. So is what the last line of a terminal says.
func (c *Console) hidden(body event.Body) bool {
	switch b := body.(type) {
	case event.Change, event.Snapshot:
		return true
	case event.Ready:
		return c.o.Once
	case event.Unchanged:
		return c.screen() && !c.ready && !c.o.Once && b.Reason == ""
	case event.HookEnded:
		return b.Reason != "" || c.screen() && !c.o.Verbose // a warning has said so; and nobody waits for the end of one that did well
	case event.Idle:
		return c.o.Quiet || c.screen() && !c.o.Once
	case event.BuildStarted:
		return c.o.Quiet || c.screen() && b.Reason == "first build"
	case event.BuildSuperseded:
		return c.o.Quiet
	}
	return false
}

// track keeps the account of capsules and builds.
func (c *Console) track(e event.Event) {
	c.board.take(e, c.o.Now())
	switch b := e.Body.(type) {
	case event.BuildStarted:
		delete(c.live, e.Capsule)
		delete(c.kept, e.Capsule)
		c.tick()
		return
	case event.BuildFailed, event.SmokeFailed, event.Held:
		c.verdict[e.Dir] = e
	case event.Unchanged:
		if b.State == "" || b.State == event.Good {
			delete(c.verdict, e.Dir)
		}
	case event.Reload, event.CapsuleRemoved:
		delete(c.verdict, e.Dir)
	case event.BuildSuperseded:
	default:
		return
	}
	c.flush(e.Capsule)
}

// render makes the text of n, line ends included, cut at words where the terminal ends. A
// screen has the time before it, and little room for indents.
func (c *Console) render(n entry, at time.Time) string {
	stamp, indent := "", strings.Repeat(" ", wordWidth+2)
	if c.screen() {
		stamp, indent = at.Format(clock)+" ", "  "
	}
	width := c.o.Width()
	first := strings.TrimSpace(text.Name(n.about) + "  " + text.Name(n.text))
	var b strings.Builder
	if stamp != "" {
		b.WriteString(c.paint(dim, stamp))
	}
	b.WriteString(c.paint(n.colour, fmt.Sprintf("%-*s", wordWidth, text.Name(n.word))))
	for i, part := range wrapFirst(first, width, len(stamp)+wordWidth+2, len(indent)) {
		before := indent
		if i == 0 {
			before = "  " // after the word
		}
		b.WriteString(text.Inert(strings.TrimRight(before+part, " ")) + "\n")
	}
	for _, l := range n.below {
		b.WriteString(c.renderLine(l, indent, width))
	}
	return b.String()
}

// wrapFirst cuts text whose first line begins after so many columns, and further ones after indent.
func wrapFirst(line string, width, begins, indent int) []string {
	if width-begins <= 0 || width-begins >= text.Width(line) {
		return []string{line}
	}
	first := text.Wrap(line, width-begins)
	rest := strings.TrimSpace(strings.TrimPrefix(line, first[0]))
	if rest == "" {
		return first
	}
	return append(first[:1:1], text.Wrap(rest, width-indent)...)
}

// renderLine is one line below an event's first.
func (c *Console) renderLine(l line, indent string, width int) string {
	said := text.Name(l.text)
	parts := []string{said}
	if l.place == "" {
		parts = text.Wrap(said, width-len(indent))
	}
	var b strings.Builder
	for i, part := range parts {
		part = text.Inert(indent + part)
		if i == 0 && c.o.Colour {
			part = c.decorate(part, indent, l)
		}
		b.WriteString(part + "\n")
	}
	return b.String()
}

// decorate makes the place in l's first line a link, and gives the word of its severity a colour.
func (c *Console) decorate(whole, indent string, l line) string {
	rest, placed := strings.CutPrefix(whole, indent+l.place)
	if !placed {
		return whole
	}
	if between, after, found := strings.Cut(rest, l.level); found && l.level != "" {
		rest = between + c.paint(levels[l.level], l.level) + after
	}
	return indent + c.link(l.file, l.place) + rest
}

// levels are the colours of severities.
var levels = map[string]colour{"error": boldRed, "warning": magenta, "note": dim, notReadyWord: magenta}

// link is place as a link to file, for terminals that open one.
func (c *Console) link(file, place string) string {
	if place == "" || !filepath.IsAbs(file) || !c.screen() {
		return place
	}
	to := url.URL{Scheme: "file", Path: filepath.ToSlash(file)}
	return "\x1b]8;;" + to.String() + "\x1b\\" + place + "\x1b]8;;\x1b\\"
}

func (c *Console) paint(with colour, text string) string {
	if !c.o.Colour || with == plain {
		return text
	}
	return string(with) + text + reset
}

// say queues text above the last line; what finds no room is counted. It
// reports whether there was room.
func (c *Console) say(lines string, room int) bool {
	if lines == "" {
		return true
	}
	if !c.q.has(len(lines), room) {
		c.missed += strings.Count(lines, "\n")
		return false
	}
	note := ""
	if c.missed > 0 {
		note = c.render(entry{colour: magenta, word: "left out", text: text.Count(c.missed, "line") + ", because this output was not read"}, c.o.Now())
	}
	c.missed = 0
	erase := c.erase()
	return c.q.add([]byte(erase+note+lines), room+len(note)+len(erase))
}

// Close tells what was published before it, takes the last line away, writes what
// waits, for at most half a second, and joins the Console's goroutines.
func (c *Console) Close() error {
	c.mu.Lock()
	c.catchUp()
	c.mu.Unlock()
	c.stopped.Do(func() { close(c.stop) })
	c.events.Close()
	c.reading.Wait()
	c.clock.Wait()
	c.mu.Lock()
	for capsule := range c.partial {
		c.flush(capsule)
	}
	if end := c.erase() + c.closeTitle(); end != "" {
		c.q.add([]byte(end), eventRoom)
	}
	c.mu.Unlock()
	return c.q.close()
}

// absolute is file below capsule, unless it is absolute already.
func absolute(capsule, file string) string {
	if filepath.IsAbs(file) || capsule == "" {
		return file
	}
	return filepath.Join(capsule, file)
}

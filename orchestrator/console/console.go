// Package console is the reader of the hub that tells a person what happens, beside the
// live output of builds; and it says for everybody what a finding looks like in a line.
package console

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

const (
	wordWidth = 9                      // "unchanged", the longest usual first word
	eventRoom = 4 << 20                // bytes of event lines that may wait for a terminal that is not read
	redraw    = 100 * time.Millisecond // a clock of tenths of seconds that runs smoothly
)

// Options choose how a Console looks. The zero value is for a log file:
// plain lines, nothing shortened.
type Options struct {
	Dir    string     // paths below it are shown relative to it
	Colour bool       // the caller decides, see NoColour
	Width  func() int // columns of the terminal, asked before each drawing; nil or 0: no terminal, no progress line
	Quiet  bool       // leaves out build_started, build_superseded and idle
	Once   bool       // the loop ends at the first idle: nobody is told what is watched

	// Now is the clock of the progress line; nil: time.Now.
	Now func() time.Time
}

// NoColour reports whether the environment asks for plain text: NO_COLOR is
// set and not empty, or TERM is "dumb".
func NoColour(getenv func(string) string) bool {
	return getenv("NO_COLOR") != "" || getenv("TERM") == "dumb"
}

// Console tells a person what happens: one line an event, what is wrong below
// it, and on a terminal a last line that says what is being built. It is safe
// for concurrent use and never blocks: when the terminal is not read, live
// output is left out first, and how many lines were is said later.
type Console struct {
	o       Options
	q       *queue
	events  *hub.Subscription // read under mu only, so that their order and that of live output is kept
	stop    chan struct{}
	clock   sync.WaitGroup // the progress line's
	reading sync.WaitGroup
	stopped sync.Once

	mu       sync.Mutex        // guards all below
	partial  map[string][]byte // by capsule: live output without its line end yet
	building map[string]build  // by folder
	said     map[string]string // by folder: what the newest reload found
	live     map[string]bool   // by capsule: output of the build under way was shown
	begun    int               // builds since the last idle
	ended    int
	drawn    bool // the progress line stands on the terminal
	ticking  bool
	missed   int // lines that found no room
}

type build struct {
	name  string
	since time.Time
}

// New tells all events of h to w. The caller closes the Console.
func New(w io.Writer, h *hub.Hub, o Options) *Console {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Width == nil {
		o.Width = func() int { return 0 }
	}
	c := &Console{o: o, q: newQueue(w), events: h.Subscribe(0, hub.Drop(eventRoom)), stop: make(chan struct{}),
		partial: map[string][]byte{}, building: map[string]build{}, said: map[string]string{}, live: map[string]bool{}}
	c.reading.Go(c.read)
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
	if !c.hidden(e.Body) {
		c.say(c.render(c.news(e, c.entryFor(e))), eventRoom)
		if n, some := c.testsEntry(e); some {
			c.say(c.render(n), eventRoom)
		}
	}
}

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

// news leaves out of a reload, or the same modules again, what the build before it said too, and
// of why one is not live what the build said: a finding that nobody mended is not worth
// three lines after every save.
func (c *Console) news(e event.Event, n entry) entry {
	var findings []finding.Finding
	switch b := e.Body.(type) {
	case event.LiveFailed:
		if repeats(b, c.said[e.Dir]) {
			n.below = nil
		}
		return n
	case event.Reload:
		findings = b.Findings
	case event.Unchanged:
		if findings = b.Findings; !b.Rebuilt {
			return n
		}
	default:
		return n
	}
	said := strings.Join(n.below, "\n")
	if len(n.below) > 0 && said == c.said[e.Dir] {
		n.below, n.text = nil, n.text+"  ("+remarks(findings)+", as before)"
	}
	c.said[e.Dir] = said
	return n
}

// hidden says what is left out. A change is: the build that follows, or what
// stands in its way, says as much.
func (c *Console) hidden(body event.Body) bool {
	switch body.(type) {
	case event.Change, event.Snapshot:
		return true
	case event.Ready:
		return c.o.Once
	case event.BuildStarted, event.BuildSuperseded, event.Idle:
		return c.o.Quiet
	}
	return false
}

// track keeps the account of builds.
func (c *Console) track(e event.Event) {
	switch e.Body.(type) {
	case event.BuildStarted:
		c.building[e.Dir] = build{e.Capsule, c.o.Now()}
		delete(c.live, e.Capsule)
		c.begun++
		c.tick()
	case event.Idle:
		clear(c.building)
		c.begun, c.ended = 0, 0
	case event.BuildFailed, event.SmokeFailed, event.Reload, event.BuildSuperseded, event.Unchanged, event.Held, event.CapsuleRemoved:
		c.flush(e.Capsule)
		if _, ok := c.building[e.Dir]; ok {
			delete(c.building, e.Dir)
			c.ended++
		}
	}
}

// render makes the text of n, line ends included, cut at words where the terminal ends.
func (c *Console) render(n entry) string {
	width, indent := c.o.Width()-wordWidth-2, strings.Repeat(" ", wordWidth+2)
	first := strings.TrimSpace(text.Name(n.about) + "  " + text.Name(n.text))
	var b strings.Builder
	b.WriteString(c.paint(n.colour, fmt.Sprintf("%-*s", wordWidth, text.Name(n.word))))
	for i, part := range text.Wrap(first, width) {
		before := indent
		if i == 0 {
			before = "  " // after the word
		}
		b.WriteString(text.Inert(strings.TrimRight(before+part, " ")) + "\n")
	}
	for _, line := range n.below {
		for _, part := range text.Wrap(text.Name(line), width) {
			b.WriteString(text.Inert(indent+part) + "\n")
		}
	}
	return b.String()
}

func (c *Console) paint(with colour, text string) string {
	if !c.o.Colour || with == plain {
		return text
	}
	return string(with) + text + reset
}

// say queues text above the progress line; what finds no room is counted. It
// reports whether there was room.
func (c *Console) say(lines string, room int) bool {
	if !c.q.has(len(lines), room) {
		c.missed += strings.Count(lines, "\n")
		return false
	}
	note := ""
	if c.missed > 0 {
		note = c.render(entry{colour: yellow, word: "left out", text: text.Count(c.missed, "line") + ", because this output was not read"})
	}
	c.missed = 0
	return c.q.add([]byte(c.erase()+note+lines), room+len(note)+len(eraseLine))
}

// Close tells what was published before it, takes the progress line away, writes what
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
	clear(c.building)
	c.draw()
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

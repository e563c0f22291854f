// Package progress shows a person how far verify is.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/astrid-runtime/astrid-dev/builder/text"
	reports "github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify"
)

// Line is one line that is written over on a
// terminal, or one plain line a capsule elsewhere.
type Line struct {
	w     io.Writer
	width int // columns of the terminal; 0: it is none

	mu    sync.Mutex           // guards what follows, and what is on the line
	last  verify.Progress      // what it showed last
	since map[string]time.Time // when each of last.Running began
	began time.Time            // of the run, for what comes before the first capsule
}

func New(w io.Writer) *Line {
	p := &Line{w: w, began: time.Now()}
	file, ok := w.(interface{ Fd() uintptr })
	if ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb" && os.Getenv("CI") == "" {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			p.width = width
		}
	}
	return p
}

// Follow keeps the times on the line going until the function that it returns
// has been called, which also takes the line away.
func (p *Line) Follow() (end func()) {
	if p.width == 0 {
		return func() {}
	}
	done := make(chan struct{})
	var loop sync.WaitGroup
	loop.Go(func() {
		tick := time.NewTicker(time.Second) // the times are shown in whole seconds
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				p.mu.Lock()
				p.draw(now)
				p.mu.Unlock()
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		loop.Wait()
		p.clear()
	}
}

// Tell is verify.Config.Progress. What cannot be written is not missed.
func (p *Line) Tell(e verify.Progress) {
	if p.width == 0 {
		if e.Ended != "" {
			fmt.Fprintf(p.w, "[%d/%d] %s\n", e.Done, e.Total, outcome(e))
		}
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Verdict == reports.Failed && e.Ended != "" {
		p.clear()
		fmt.Fprintln(p.w, outcome(e))
	}
	now := time.Now()
	since := map[string]time.Time{}
	for _, dir := range e.Running {
		since[dir] = now
		if began, ok := p.since[dir]; ok {
			since[dir] = began
		}
	}
	p.last, p.since = e, since
	p.draw(now)
}

// draw writes the line over.
func (p *Line) draw(now time.Time) {
	state := "copying the workspace" + lasted(now.Sub(p.began))
	if p.last.Total > 0 {
		var running []string
		for _, dir := range p.last.Running {
			running = append(running, dir+lasted(now.Sub(p.since[dir])))
		}
		state = fmt.Sprintf("[%d/%d] %s", p.last.Done, p.last.Total, strings.Join(running, ", "))
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", text.Cut(text.Line(state), p.width-1))
}

// lasted is " 12s", nothing below a second.
func lasted(d time.Duration) string {
	if d < time.Second {
		return ""
	}
	return " " + d.Truncate(time.Second).String()
}

// clear takes the line away.
func (p *Line) clear() {
	if p.width > 0 {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func outcome(e verify.Progress) string {
	said := fmt.Sprintf("%s %s", e.Verdict, text.Line(e.Ended))
	if took := e.Took.Round(10 * time.Millisecond); took > 0 {
		said += " in " + took.String()
	}
	var steps []string
	for _, s := range e.Failed {
		steps = append(steps, s.String())
	}
	if len(steps) > 0 {
		said += " (" + strings.Join(steps, ", ") + ")"
	}
	return said
}

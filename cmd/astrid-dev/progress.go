package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	reports "github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify"
)

// progressLine shows how far verify is: one line that is written over on a
// terminal, one plain line a capsule elsewhere.
type progressLine struct {
	w     io.Writer
	width int // columns of the terminal; 0: it is none
}

func newProgressLine(w io.Writer) *progressLine {
	p := &progressLine{w: w}
	file, ok := w.(*os.File)
	if ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb" && os.Getenv("CI") == "" {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			p.width = width
		}
	}
	return p
}

// tell is verify.Config.Progress. What cannot be written is not missed.
func (p *progressLine) tell(e verify.Progress) {
	if p.width == 0 {
		if e.Ended != "" {
			fmt.Fprintf(p.w, "[%d/%d] %s\n", e.Done, e.Total, outcome(e))
		}
		return
	}
	if e.Verdict == reports.Failed && e.Ended != "" {
		p.clear()
		fmt.Fprintln(p.w, outcome(e))
	}
	text := []rune(oneLine(fmt.Sprintf("[%d/%d] %s", e.Done, e.Total, strings.Join(e.Running, ", "))))
	fmt.Fprintf(p.w, "\r\x1b[K%s", string(text[:min(len(text), p.width-1)]))
}

// clear takes the line away.
func (p *progressLine) clear() {
	if p.width > 0 {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func outcome(e verify.Progress) string {
	text := fmt.Sprintf("%s %s", e.Verdict, oneLine(e.Ended))
	if took := e.Took.Round(10 * time.Millisecond); took > 0 {
		text += " in " + took.String()
	}
	var steps []string
	for _, s := range e.Failed {
		steps = append(steps, s.String())
	}
	if len(steps) > 0 {
		text += " (" + strings.Join(steps, ", ") + ")"
	}
	return text
}

// oneLine is printable, without line ends.
func oneLine(s string) string { return strings.NewReplacer("\n", " ", "\t", " ").Replace(printable(s)) }

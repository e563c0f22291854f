package console

import (
	"bytes"
	"io"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/text"
)

const (
	maxLine  = 4 << 10  // bytes of a line of live output; minified code in an error message is longer, and unreadable
	liveRoom = 1 << 20  // bytes of live output that may wait for a terminal that is not read; it yields to events
	liveItem = 16 << 10 // of these, what is queued at once: builds that print short lines by the million are not rare
)

// kept is what a build printed and nobody saw: its end.
type kept struct {
	data []byte
	lost int // bytes before data
}

// keptOutput is how much of it is kept: what somebody reads.
const keptOutput = 64 << 10

func (k *kept) add(p []byte) {
	k.data = append(k.data, p...)
	if len(k.data) < 2*keptOutput {
		return
	}
	from := len(k.data) - keptOutput
	if end := bytes.IndexByte(k.data[from:], '\n'); end >= 0 {
		from += end + 1 // whole lines
	}
	k.lost += from
	k.data = append(k.data[:0], k.data[from:]...)
}

// Build takes live output of a capsule's build: whole lines, each with the capsule's name
// before it. A terminal shows it when somebody asks for it, since what is wrong is said
// by the verdict. p is not kept.
func (c *Console) Build(capsule string, p []byte) {
	c.mu.Lock()
	hides := c.o.Short || c.screen() && !c.o.Verbose
	if hides {
		c.catchUp()
		if c.kept[capsule] == nil {
			c.kept[capsule] = &kept{}
		}
		c.kept[capsule].add(p)
	}
	c.mu.Unlock()
	if !hides {
		c.Output(capsule, p)
	}
}

// Output shows live output of a capsule, as that of its hook: whole lines, each with the
// capsule's name before it. p is not kept.
func (c *Console) Output(capsule string, p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUp()
	if c.o.Short {
		return
	}
	end := bytes.LastIndexByte(p, '\n') + 1
	c.lines(capsule, p[:end])
	if rest := p[end:]; len(rest) > 0 {
		have := c.partial[capsule]
		c.partial[capsule] = append(have, rest[:min(len(rest), max(0, maxLine+1-len(have)))]...)
	}
	c.draw()
}

// lines shows whole lines, the first of which may have been begun before. Where
// there is no room they are counted and never rendered: a reader who does not
// keep up must not cost the build's time.
func (c *Console) lines(capsule string, p []byte) {
	prefix := c.paint(dim, text.Name(capsule)+" |") + " "
	for len(p) > 0 {
		if !c.q.has(liveItem, liveRoom) {
			c.missed += bytes.Count(p, []byte{'\n'})
			delete(c.partial, capsule)
			c.live[capsule] = false
			return
		}
		var item strings.Builder
		item.Grow(min(liveItem, len(prefix)+2*len(p)))
		for len(p) > 0 && item.Len() < liveItem-maxLine {
			line, rest, _ := bytes.Cut(p, []byte{'\n'})
			if begun, ok := c.partial[capsule]; ok {
				line = append(begun, line...)
				delete(c.partial, capsule)
			}
			c.line(&item, prefix, line)
			p = rest
		}
		c.live[capsule] = c.say(item.String(), liveRoom)
	}
}

// line renders one line of live output.
func (c *Console) line(to *strings.Builder, prefix string, line []byte) {
	cut := ""
	if len(line) > maxLine {
		line, cut = line[:maxLine], " [...]"
	}
	if harmless(line) && !strings.HasPrefix(prefix, "::") {
		to.WriteString(prefix)
		to.Write(line)
		to.WriteString(cut)
	} else {
		to.WriteString(text.Inert(prefix + text.Live(string(line), c.o.Colour) + cut))
	}
	to.WriteByte('\n')
}

// harmless reports whether line needs no care: of most lines this is so, and
// looking costs less than taking it.
func harmless(line []byte) bool {
	for _, b := range line {
		if b < ' ' || b > '~' || b == '#' {
			return false
		}
	}
	return true
}

// flush shows the line that a capsule's build has begun.
func (c *Console) flush(capsule string) {
	if _, ok := c.partial[capsule]; ok {
		c.lines(capsule, []byte{'\n'})
	}
}

// Writer returns a writer for Output, safe for concurrent use.
func (c *Console) Writer(capsule string) io.Writer { return outputWriter{c.Output, capsule} }

// BuildWriter returns a writer for Build, safe for concurrent use.
func (c *Console) BuildWriter(capsule string) io.Writer { return outputWriter{c.Build, capsule} }

type outputWriter struct {
	to      func(capsule string, p []byte)
	capsule string
}

func (w outputWriter) Write(p []byte) (int, error) {
	w.to(w.capsule, p)
	return len(p), nil
}

package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/text"
)

const (
	eraseLine    = "\r\x1b[K"
	progressRoom = 4 << 10 // a terminal that is not read needs no newer clock
)

// tick starts the clock of the progress line. It ends when nothing is built, so
// that an idle watch never wakes up.
func (c *Console) tick() {
	if c.ticking || c.o.Width() <= 0 {
		return
	}
	c.ticking = true
	c.clock.Go(func() {
		ticker := time.NewTicker(redraw)
		defer ticker.Stop()
		for {
			select {
			case <-c.stop:
				return
			case <-ticker.C:
			}
			c.mu.Lock()
			c.draw()
			c.ticking = len(c.building) > 0
			again := c.ticking
			c.mu.Unlock()
			if !again {
				return
			}
		}
	})
}

// draw writes the progress line over the one that stands there.
func (c *Console) draw() {
	width := c.o.Width()
	if width <= 0 || len(c.building) == 0 {
		if c.drawn {
			c.q.add([]byte(c.erase()), eventRoom)
		}
		return
	}
	// One column is left free: some terminals wrap when the last one is filled.
	if c.q.add([]byte(eraseLine+text.Cut(c.progress(), width-1)), progressRoom) {
		c.drawn = true
	}
}

// erase is what takes the progress line away, if it stands there.
func (c *Console) erase() string {
	if !c.drawn {
		return ""
	}
	c.drawn = false
	return eraseLine
}

// progress is "[3/5] building a 1.2 s, b 0.4 s", the longest first.
func (c *Console) progress() string {
	var list []build
	for _, b := range c.building {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b build) int {
		if n := a.since.Compare(b.since); n != 0 {
			return n
		}
		return strings.Compare(a.name, b.name)
	})
	var parts []string
	for _, b := range list {
		parts = append(parts, fmt.Sprintf("%s %.1f s", text.Name(b.name), c.o.Now().Sub(b.since).Seconds()))
	}
	text := "building " + strings.Join(parts, ", ")
	if c.begun > 1 {
		text = fmt.Sprintf("[%d/%d] ", c.ended+1, c.begun) + text
	}
	return text
}

package console

import (
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/text"
)

const (
	eraseLine    = "\r\x1b[K"
	eraseBelow   = "\r\x1b[J"
	eraseScreen  = "\x1b[H\x1b[2J\x1b[3J"
	keepTitle    = "\x1b[22;0t" // the terminal puts its title aside
	giveTitle    = "\x1b[23;0t" // and takes it back
	progressRoom = 4 << 10      // a terminal that is not read needs no newer clock
	second       = time.Second  // a clock of whole seconds is calm enough to stand there all day
)

// tick starts the clock of the last line. It ends when nothing is built, so
// that an idle watch never wakes up.
func (c *Console) tick() {
	if c.ticking || !c.screen() {
		return
	}
	c.ticking = true
	c.clock.Go(func() {
		ticker := time.NewTicker(second)
		defer ticker.Stop()
		for {
			select {
			case <-c.stop:
				return
			case <-ticker.C:
			}
			c.mu.Lock()
			c.draw()
			c.ticking = c.board.building()
			again := c.ticking
			c.mu.Unlock()
			if !again {
				return
			}
		}
	})
}

// redraw draws the last line where the terminal is not what it was.
func (c *Console) redraw() {
	for {
		select {
		case <-c.stop:
			return
		case _, more := <-c.o.Changed:
			if !more {
				return
			}
		}
		c.mu.Lock()
		c.catchUp()
		c.draw()
		c.mu.Unlock()
	}
}

// draw writes the last line over the one that stands there.
func (c *Console) draw() {
	width := c.o.Width()
	if !c.screen() || !c.ready && !c.board.building() || c.o.Quiet && !c.board.building() {
		if erase := c.erase(); erase != "" {
			c.q.add([]byte(erase), eventRoom)
		}
		return
	}
	// One column is left free: some terminals wrap when the last one is filled.
	line := c.board.line(width-1, c.o.Now(), c.paint)
	erase, stood := c.erase(), c.drawn
	if c.q.add([]byte(erase+c.setTitle()+line), progressRoom+len(erase)) {
		c.drawn = text.Width(line)
	} else {
		c.drawn = stood
	}
}

// erase is what takes the last line away, if it stands there. On a terminal that was made
// narrower it takes several rows.
func (c *Console) erase() string {
	stood := c.drawn
	if c.drawn = 0; stood == 0 {
		return ""
	}
	if rows := (stood - 1) / max(1, c.o.Width()); rows > 0 {
		return strings.Repeat("\x1b[A", rows) + eraseBelow
	}
	return eraseLine
}

// setTitle is what gives the terminal its new title, if it is a new one.
func (c *Console) setTitle() string {
	title := c.board.title()
	if c.o.Once || title == c.title {
		return ""
	}
	keep := ""
	if !c.opened {
		keep = keepTitle
	}
	c.opened, c.title = true, title
	return keep + "\x1b]2;" + title + "\a"
}

// closeTitle gives the terminal its own title back.
func (c *Console) closeTitle() string {
	if !c.opened {
		return ""
	}
	c.opened = false
	return giveTitle
}

package console

import (
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/text"
)

// keysEntry says which keys there are.
var keysEntry = entry{colour: dim, word: "keys", text: "r again  f failed  v output  c clear  t tools  q quit"}

// keysHelp says what they do.
var keysHelp = []string{
	"r  look at everything again, and build again what failed",
	"f  the same for what failed only",
	"e  show again why capsules are failed or held",
	"v  show the output of builds, or hide it again",
	"c  clear the screen; what is wrong is shown again",
	"t  list the tools of the capsules that are sound",
	"q  quit, as Ctrl-C does",
}

// Help says what the keys do, and what else is worth knowing: notes, a line each.
func (c *Console) Help(notes ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(entry{colour: dim, word: "keys", below: plainLines(append(keysHelp[:len(keysHelp):len(keysHelp)], notes...))})
}

// Note shows a line that somebody asked for, and lines below it.
func (c *Console) Note(word, about, said string, below ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(entry{colour: dim, word: word, about: about, text: said, below: plainLines(below)})
}

func (c *Console) add(n entry) {
	c.catchUp()
	c.say(c.render(n, c.o.Now()), eventRoom)
	c.draw()
}

// Failing are the folders of the capsules that are failed or held.
func (c *Console) Failing() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUp()
	return c.board.red()
}

// Sound are the capsules that are not, and their names, by folder.
func (c *Console) Sound() (dirs, names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUp()
	red := c.board.red()
	for dir := range c.board.rows {
		if !slices.Contains(red, dir) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return dirs, c.board.names(dirs)
}

// Errors shows again why capsules are failed or held.
func (c *Console) Errors() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUp()
	c.errors()
	c.draw()
}

func (c *Console) errors() {
	for _, dir := range c.board.red() {
		if e, said := c.verdict[dir]; said {
			c.say(c.render(entryFor(e, c.o.Dir), e.Time), eventRoom)
		}
	}
	if len(c.verdict) == 0 {
		c.say(c.render(entry{colour: dim, word: "errors", text: "nothing is failed or held"}, c.o.Now()), eventRoom)
	}
}

// Clear empties the terminal. What is wrong is shown again, since it still is, and remarks on
// modules may be said again.
func (c *Console) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUp()
	if !c.screen() {
		return
	}
	c.drawn = 0
	c.q.add([]byte(eraseScreen), eventRoom)
	clear(c.said)
	if len(c.verdict) > 0 {
		c.errors()
	}
	c.draw()
}

// Verbose shows the output of builds from now on, and what was kept of those that run or
// were the last of a failed capsule; or hides it again.
func (c *Console) Verbose() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUp()
	c.o.Verbose = !c.o.Verbose
	if !c.o.Verbose {
		c.say(c.render(entry{colour: dim, word: "output", text: "of builds is hidden; v shows it"}, c.o.Now()), eventRoom)
		c.draw()
		return
	}
	c.say(c.render(entry{colour: dim, word: "output", text: "of builds is shown; v hides it"}, c.o.Now()), eventRoom)
	var names []string
	for name := range c.kept {
		names = append(names, name)
	}
	slices.SortFunc(names, strings.Compare)
	for _, name := range names {
		k := c.kept[name]
		if k.lost > 0 {
			c.say(c.render(entry{colour: dim, word: "left out", about: name, text: text.Size(int64(k.lost)) + " of output before this"}, c.o.Now()), eventRoom)
		}
		c.lines(name, k.data)
	}
	clear(c.kept)
	c.draw()
}

package orchestrator

import (
	"fmt"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// Only what events named is looked at, where they named all; in every doubt everything is.
func TestWhatAnExaminationLooksAt(t *testing.T) {
	base, now := &builder.Inputs{}, time.Unix(1000, 0)
	edited := func() *capsule {
		c := &capsule{dir: "/a", exam: examination{base: base}}
		c.exam.tell("/a/main.go")
		c.touched(now)
		return c
	}
	if told := edited().exam.told(); told == nil || told.Since != base || len(told.Paths) != 1 || told.Paths[0] != "/a/main.go" {
		t.Fatalf("an edit: %+v, want its file", told)
	}
	for doubt, add := range map[string]func(c *capsule){
		"there was none before":                   func(c *capsule) { c.exam.base = nil },
		"something of which no path tells":        func(c *capsule) { c.change(now) },
		"somebody asks, events may be on the way": func(c *capsule) { c.exam.ask() },
		"the one before failed":                   func(c *capsule) { c.exam.fail(fmt.Errorf("a disk"), now) },
		"more paths than are kept": func(c *capsule) {
			for i := range namedKept {
				c.exam.tell(fmt.Sprintf("/a/%d", i))
			}
		},
		"the one that looked at these paths does not count": func(c *capsule) {
			l := newLoop(Config{}.withDefaults())
			c.exam.begin(false, 1)
			c.exam.tell("/a/other.go")
			c.touched(now)
			l.examined(c, &builder.Inputs{}, nil, now, now)
		},
	} {
		c := edited()
		add(c)
		if told := c.exam.told(); told != nil {
			t.Errorf("%s, and only %v is looked at", doubt, told.Paths)
		}
		if doubt == "there was none before" {
			continue
		}
		c.exam.begin(false, 2)
		if c.exam.tell("/a/main.go"); c.exam.unnamed {
			t.Errorf("%s: the doubt outlives the look at everything", doubt)
		}
	}
}

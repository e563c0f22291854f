package orchestrator

import (
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

func TestStanding(t *testing.T) {
	c := &capsule{dir: "/c"}
	m := &builder.Published{Modules: []builder.Module{{Path: "/c/out.wasm", Hash: "h"}}}
	other := &builder.Published{Modules: []builder.Module{{Path: "/c/out.wasm", Hash: "other"}}}
	found := func(key string, current *builder.Published, taken time.Duration) func() {
		return func() {
			c.in = inputsOf(key)
			c.in.Current, c.in.Taken = current, at(taken)
		}
	}
	for _, s := range []struct {
		name   string
		do     func()
		stands bool // the newest examination is of what was published last
		red    bool
		lost   bool
		key    string // what is published
	}{
		{name: "nothing is known", do: found("k1", nil, 0)},
		{name: "published", do: func() {
			c.standing.publish(inputsOf("k1"), m)
			c.standing.publishedAt = at(time.Second)
			c.settle(c.in, good)
		}, stands: true, key: "k1"},
		{name: "seen to stand", do: found("k1", m, 2*time.Second), stands: true, key: "k1"},
		{name: "looked at before it was published", do: found("k1", nil, ms), stands: true, key: "k1"},
		{name: "gone", do: found("k1", nil, 2*time.Second), stands: true, lost: true, key: "k1"},
		{name: "overwritten", do: found("k1", other, 2*time.Second), stands: true, lost: true, key: "k1"},
		{name: "edited: other modules are not expected", do: found("k2", nil, 2*time.Second), key: "k1"},
		{name: "the edit failed", do: func() { c.settle(c.in, failed) }, red: true, key: "k1"},
		{name: "undone, and to be processed again", do: func() { found("k1", m, 3*time.Second)(); c.standing.forget() }, red: true, key: "k1"},
		{name: "held", do: func() { c.settle(c.in, held) }, red: true, key: "k1"},
		{name: "nothing stands published", do: func() { c.standing.unpublish() }, red: true},
	} {
		s.do()
		if c.stands() != s.stands || c.standing.red() != s.red || c.lost() != s.lost || c.standing.published != s.key || (c.standing.modules != nil) != (s.key != "") {
			t.Errorf("%s: stands %t, red %t, lost %t, %+v", s.name, c.stands(), c.standing.red(), c.lost(), c.standing)
		}
	}
}

// What settles ends a suspicion, but for being held; what lets go of a suspicion has nothing
// processed that nobody was told of.
func TestStandingEndsASuspicion(t *testing.T) {
	for how, ends := range map[verdict]bool{good: true, failed: true, held: false} {
		c := &capsule{in: inputsOf("k")}
		c.hold.suspicion = &suspicion{}
		c.hold.probeIn(time.Second, at(0))
		if c.settle(c.in, how); (c.hold.suspicion == nil) != ends || c.hold.probes(at(time.Second)) == ends {
			t.Errorf("%d: %+v", how, c.hold)
		}
		if c.release(); c.hold.suspicion != nil || c.hold.probes(at(time.Hour)) || (c.standing.key == "") == ends {
			t.Errorf("%d, let go: %+v %+v", how, c.hold, c.standing)
		}
	}
}

func TestHoldWaitsLongerEachTime(t *testing.T) {
	var h hold
	if h.probes(at(time.Hour)) || h.pause() != probeAfter {
		t.Errorf("%+v", h)
	}
	h.suspicion = &suspicion{}
	last := time.Duration(0)
	for h.suspicion.tries = range quiets {
		if h.pause() <= last {
			t.Errorf("try %d waits for %s after %s", h.suspicion.tries, h.pause(), last)
		}
		last = h.pause()
	}
	h.probed = true
	if h.probeIn(last, at(0)); h.probed || h.probes(at(last-1)) || !h.probes(at(last)) {
		t.Errorf("%+v", h)
	}
}

func TestFeedbackCountsARow(t *testing.T) {
	for name, c := range map[string]struct {
		builds [][]string
		many   int // the build that is one too many; 0: none is
	}{
		"the same file":             {[][]string{{"a"}, {"a"}, {"a"}}, 3},
		"one in common each time":   {[][]string{{"a"}, {"a", "b"}, {"b"}}, 3},
		"another each time":         {[][]string{{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}}, 6},
		"a first lock file, and it": {[][]string{{"lock"}, {"lock"}}, 0},
	} {
		var f feedback
		f.learn([]string{"t"})
		many := 0
		for i, files := range c.builds {
			if f.add(files) {
				many = i + 1
			}
		}
		if many != c.many {
			t.Errorf("%s: build %d is too many, want %d", name, many, c.many)
		}
		if f.clear(); f.count != 0 || f.files != nil || !f.knows([]string{"t"}) {
			t.Errorf("%s: cleared: %+v", name, f)
		}
	}
}

func TestAuthors(t *testing.T) {
	var a authors
	a.saw("edited", false, false, false)
	a.saw("made", true, true, true)
	a.saw("by another build", true, false, false)
	if !a.hands["edited"] || a.hands["made"] || !a.others["by another build"] || a.others["made"] || !a.newborn["made"] {
		t.Errorf("%+v", a)
	}
	for i := range 2 * namesKept {
		a.saw(at(time.Duration(i)).String(), false, false, true)
	}
	if n := len(a.hands) + len(a.others) + len(a.newborn); n > namesKept+2 {
		t.Errorf("%d names are kept", n)
	}
}

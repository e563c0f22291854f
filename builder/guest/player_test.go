package guest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/slim"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// noted are notes in a folder of the test's own, also of small modules.
func noted(t *testing.T) *slim.Notes {
	n := slim.Open(filepath.Join(t.TempDir(), "code"), "called", &slim.Memory{})
	if n == nil {
		t.Fatal("there are no notes")
	}
	n.Least = 1
	return n
}

func playerOf(t *testing.T, path string, o Options, notes *slim.Notes) *player {
	t.Helper()
	module, err := os.ReadFile(path)
	testkit.Check(t, err)
	p, err := newPlayer(t.Context(), module, o, notes, nil)
	testkit.Check(t, err)
	t.Cleanup(func() { p.now.close() })
	return p
}

func calling(name, arguments string) request {
	return request{Action: "tool_execute_" + name, Payload: fmt.Appendf(nil, `{"call_id":"1","tool_name":%q,"arguments":%s}`, name, arguments)}
}

// asked are requests that a guest may get, in any order: such as answer, such as trap, and new worlds.
var asked = []request{
	{Action: "tool_describe"},
	calling("greet", `{"name":"Ada"}`),
	{World: &host.Options{Publish: open.Publish, Subscribe: open.Subscribe, Trace: true}},
	calling("add", `{"numbers":[1,2,3],"factor":0.1}`),
	calling("add", `{"numbers":"none"}`),
	calling("count", "{}"),
	calling("count", "{}"),
	calling("note", `{"name":"a","text":"b"}`),
	calling("say", `{"text":"aloud"}`),
	calling("world", "{}"),
	calling("wrong", "{}"),
	calling("panic", "{}"),
	calling("nothing", "{}"),
	{Action: "nothing"},
	{Fresh: true},
	{Fresh: true, Action: "tool_describe"},
	{World: &host.Options{Publish: open.Publish, Subscribe: open.Subscribe, Seed: 7, Clock: 1}},
	{World: &host.Options{Publish: open.Publish}},
}

// A guest of which code is left out says of anything what the whole says: over many rows of requests, each in the process that
// follows the last one.
func TestPlayerAgrees(t *testing.T) {
	notes := noted(t)
	dice := testkit.Dice(t)
	o := Options{Host: open, Limits: Limits{Wall: time.Second}} // of a processor too: an edit that makes it endless costs no more
	slims, missed, replayed, reused := 0, 0, 0, 0
	kept := &engine.Kept{}
	module, err := os.ReadFile(play)
	testkit.Check(t, err)
	rounds := testkit.Rounds(8, 60)
	little := func() bool { return slims == 0 || missed == 0 || replayed == 0 || reused == 0 }
	for round := 0; round < rounds || little() && round < 10*rounds; round++ {
		b := bytes.Clone(module)
		if round%4 > 1 { // what an edit leaves
			b[8+dice.IntN(len(b)-8)] ^= byte(1 + dice.IntN(15))
		}
		whole, refused := newPlayer(t.Context(), b, o, nil, nil)
		p, err := newPlayer(t.Context(), b, o, notes, kept)
		if refused != nil || err != nil {
			if refused == nil || err == nil || refused.Error() != err.Error() {
				t.Fatalf("row %d: the whole is refused with %v, what is left with %v", round, refused, err)
			}
			continue
		}
		row := []request{{}}
		for range 1 + dice.IntN(12) {
			// At first few of them, so that a later row needs what no row has run.
			row = append(row, asked[dice.IntN(min(len(asked), 3+round))])
		}
		began := p.slim
		for i, q := range row {
			before := len(p.scene)
			got, want := p.do(t.Context(), q), whole.do(t.Context(), q)
			if diff := cmp.Diff(want.told(), got.told()); diff != "" || want.Memory != got.Memory {
				t.Fatalf("row %d, request %d of %+v: %d and %d bytes of memory (-whole +slim):\n%s", round, i, row, want.Memory, got.Memory, diff)
			}
			if began && !p.slim && before > 0 {
				replayed++
				began = false
			}
		}
		if p.slim {
			slims++
		}
		if p.missed {
			missed++
		}
		if compiling, _ := p.now.sandbox.Times(); p.slim && compiling == 0 {
			reused++
		}
		whole.now.close()
		p.close()
	}
	if little() {
		t.Errorf("%d rows ran without known code, %d of them compiled nothing, %d missed some, %d were played again: this test says little", slims, reused, missed, replayed)
	}
	t.Logf("%d rows ran without known code, %d of them compiled nothing, %d missed some of it, %d were played again", slims, reused, missed, replayed)
}

// known are notes after what asked begins with was called.
func known(t *testing.T) *slim.Notes {
	notes := noted(t)
	p := playerOf(t, play, Options{Host: open}, notes)
	for _, q := range append([]request{{}}, asked[:7]...) { // the eighth is noted with all before it
		p.do(t.Context(), q)
	}
	return notes
}

// A row that is longer than what is played again goes on with the whole.
func TestPlayerOfALongRow(t *testing.T) {
	p := playerOf(t, play, Options{Host: open}, known(t))
	if !p.slim {
		t.Fatal("nothing is left out")
	}
	for i := range longest + 5 {
		o := p.do(t.Context(), calling("count", "{}"))
		if got := content(t, o); got != fmt.Sprint(i+1) {
			t.Fatalf("call %d counts %s", i+1, got)
		}
	}
	if p.slim {
		t.Error("it keeps all requests for ever")
	}
}

// What reaches out of memory is never played twice.
func TestPlayerOfAWorldThatReachesOut(t *testing.T) {
	notes := known(t)
	outside := open
	outside.AllowProcess = true
	if p := playerOf(t, play, Options{Host: outside}, notes); p.slim || p.notes != nil {
		t.Error("a guest that may run programs is loaded without known code")
	}
	if p := playerOf(t, play, Options{Host: open, Compile: true}, notes); p.slim {
		t.Error("compiled code is watched")
	}
	p := playerOf(t, play, Options{Host: open}, notes)
	p.do(t.Context(), request{})
	p.do(t.Context(), request{World: &outside})
	if p.slim {
		t.Error("code is still left out in a world that reaches out")
	}
}

// Files of the machine may change between a call and its being played again: then nobody is told two things that do not fit.
func TestPlayerWhenWhatItReadChanged(t *testing.T) {
	p := playerOf(t, play, Options{Host: open}, known(t))
	p.do(t.Context(), request{})
	p.told[0] += " otherwise"
	p.missed = true
	if o := p.do(t.Context(), calling("greet", `{"name":"Ada"}`)); o.Error == "" {
		t.Error("it goes on from another state than it told")
	}
}

// A guest that has less time while code is left out gets all of it from the whole.
func TestPlayerOfASlowCall(t *testing.T) {
	notes := known(t)
	o := Options{Host: open, Limits: Limits{Wall: 400 * time.Millisecond}}
	p := playerOf(t, play, o, notes)
	p.do(t.Context(), request{})
	if got := p.do(t.Context(), calling("endless", "{}")); !got.Late || p.slim {
		t.Errorf("an endless call ends so: %+v", got)
	}
	if p.now.options.Limits.Wall != o.Limits.Wall {
		t.Errorf("the whole has %s for a request", p.now.options.Limits.Wall)
	}
}

// Of a module whose code somebody else validates nothing is noted to be valid.
func TestCheckedElsewhereIsNotNoted(t *testing.T) {
	module, err := os.ReadFile(play)
	testkit.Check(t, err)
	loads := func(b []byte, checked bool, notes *slim.Notes) bool {
		p, err := newPlayer(t.Context(), b, Options{Checked: checked}, notes, nil)
		if err == nil {
			p.now.close()
		}
		return err == nil
	}
	for at := len(module) / 3; at < len(module); at++ {
		b := bytes.Clone(module)
		b[at] = 0x1a // drop
		if loads(b, false, nil) || !loads(b, true, nil) {
			continue
		}
		if loads(b, true, noted(t)) {
			t.Errorf("with another byte %d it is not valid, and would be noted", at)
		}
		return
	}
	t.Error("no byte of its code makes it invalid: this test says nothing")
}

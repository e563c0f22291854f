package guest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// One child loads module after module, as long as all goes well in it, and each outcome is that of a child of its own.
func TestUsedGuestAgrees(t *testing.T) {
	testkit.Long(t)
	o := Options{Host: open, Limits: Limits{Wall: 300 * time.Millisecond}}
	dice := testkit.Dice(t)
	module, err := os.ReadFile(play)
	testkit.Check(t, err)
	prepare := func() *Guest {
		g, err := Prepare(o.Limits)
		testkit.Check(t, err)
		t.Cleanup(g.Close)
		return g
	}
	used := prepare()
	agreed, doubted := 0, 0
	little := func() bool { return (agreed < 2 || doubted < 2) && !testkit.Race } // which has each child grown that loads nothing more
	rounds := testkit.Rounds(12, 60)
	for round := 0; round < rounds || little() && round < 10*rounds; round++ {
		b := bytes.Clone(module)
		if round%3 == 2 {
			b[8+dice.IntN(len(b)-8)] ^= byte(1 + dice.IntN(15))
		}
		path := filepath.Join(t.TempDir(), "edited.wasm")
		testkit.Write(t, path, string(b))
		var row []request
		for range 1 + dice.IntN(4) {
			row = append(row, asked[dice.IntN(len(asked))])
		}
		again := used.loads > 0
		got := rowOf(t, used, path, o, row)
		if used.amiss {
			if used.Rest(); used.Waits() || used.Doubted() != again {
				t.Fatalf("a child that had loaded %d modules, and in which something went not well, waits or is believed", used.loads)
			}
			if again {
				doubted++
			}
			used = prepare()
			continue
		}
		used.Rest()
		if used.worn.Load() {
			used = prepare()
		}
		if !again {
			continue
		}
		agreed++
		fresh := prepare()
		want := rowOf(t, fresh, path, o, row)
		fresh.Close()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("round %d of %+v: a used child says otherwise (-new +used):\n%s", round, row, diff)
		}
	}
	t.Logf("%d rows agreed, %d are not believed", agreed, doubted)
	if little() {
		t.Error("this test says little")
	}
}

// rowOf is what comes of loading a module and of requests, each as text.
func rowOf(t *testing.T, g *Guest, path string, o Options, row []request) (said []string) {
	t.Helper()
	out, err := g.Load(t.Context(), path, o)
	if err != nil {
		return []string{err.Error()}
	}
	said = append(said, out.told())
	for _, q := range row {
		out, err := g.ask(t.Context(), q)
		if err != nil {
			return append(said, err.Error())
		}
		said = append(said, out.told())
	}
	return said
}

// A child whose module has a loop is not used again: the loop may not have ended.
func TestALoopIsNotLeft(t *testing.T) {
	g := started(t, ticker, Options{Host: open})
	if !g.RunLoop() {
		t.Fatal("it has no loop")
	}
	if g.Rest(); g.Waits() {
		t.Error("it waits for another module")
	}
}

package serve

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// What the page knows of the capsules is what the hub knows, whatever happens and whenever it begins to listen.
func TestTheStoreIsTheHub(t *testing.T) {
	testkit.Needs(t, "node")
	for seed := range uint64(testkit.Rounds(4, 20)) {
		s := show(t, "").serve()
		lines := s.randomly(seed)
		if want, got := s.known(), played(t, "store.mjs", lines); got != want {
			t.Errorf("seed %d:\nthe page: %s\n the hub: %s", seed, got, want)
		}
		s.end()
	}
}

// played is what a script of testdata says that reads lines.
func played(t *testing.T, script string, lines []string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", script))
	cmd.Stdin, cmd.Stderr = strings.NewReader(strings.Join(lines, "\n")), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// known is the hub's snapshot, as far as the page keeps it: no paths of modules.
func (s *shown) known() string {
	snapshot, _ := s.hub.Snapshot().Body.(event.Snapshot)
	for i := range snapshot.Standing {
		a := &snapshot.Standing[i].Artifact
		*a = event.Artifact{Hash: a.Hash, Size: a.Size}
	}
	text, err := json.Marshal(snapshot)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// randomly publishes events of every kind about a few capsules, and is what a page is told that begins somewhere
// in between: a state, and the events after it.
func (s *shown) randomly(seed uint64) (lines []string) {
	r := rand.New(rand.NewPCG(seed, 18))
	const events = 120
	from, at := r.IntN(events), 0
	names := []string{"a", "b", "c", "d"}
	for i := range events {
		if i == from {
			state, err := s.state(s.t.Context())
			if err != nil {
				s.t.Fatal(err)
			}
			at = int(state.Seq)
			line, err := json.Marshal(state)
			if err != nil {
				s.t.Fatal(err)
			}
			lines = append(lines, string(line))
		}
		s.tell(names[r.IntN(len(names))], s.anyBody(r))
	}
	sub := s.hub.Subscribe(uint64(max(0, at-3)), hub.Fail(1<<20)) // a few that the state contains
	defer sub.Close()
	for item, ok := sub.Next(); ok; item, ok = sub.Next() {
		lines = append(lines, string(item.Line[:len(item.Line)-1]))
	}
	return lines
}

// anyBody is any event that a watch can say.
func (s *shown) anyBody(r *rand.Rand) event.Body {
	hash := func() string { return []string{hashA, hashB}[r.IntN(2)] }
	key := event.Basis{Key: hash(), Attempt: r.IntN(9)}
	switch r.IntN(17) {
	case 0:
		return event.Ready{Capsules: 2, Watched: []event.Subject{{Capsule: "a", Dir: s.dir("a")}, {Capsule: "e", Dir: s.dir("e")}}}
	case 1:
		return event.CapsuleAdded{SourceHash: hash()}
	case 2:
		return event.CapsuleRemoved{}
	case 3:
		return event.Change{SourceHash: hash(), Basis: key}
	case 4:
		return event.BuildSuperseded{SourceHash: hash(), Basis: key}
	case 5:
		return event.BuildFailed{SourceHash: hash(), Basis: key, Step: "build"}
	case 6:
		return event.SmokeFailed{SourceHash: hash(), Basis: key}
	case 7:
		return event.Held{SourceHash: hash(), Basis: key, Message: "again"}
	case 8:
		return event.Unchanged{SourceHash: hash(), Basis: key, State: []event.State{"", event.Failed, event.OnHold, event.Unknown}[r.IntN(4)]}
	case 9:
		return event.Unchanged{SourceHash: hash(), Basis: key, Rebuilt: true, Artifact: module(hash(), int64(r.IntN(1000))), Tests: anyTests(r)}
	case 10:
		return event.Live{Generation: 1, Key: hash(), Hash: hash(), Runtime: "live"}
	case 11:
		return event.LiveFailed{Reason: strconv.Itoa(r.IntN(9))}
	case 12:
		return event.Warning{Message: "odd"}
	case 13:
		return event.Idle{Capsules: 4}
	case 14:
		return event.HookEnded{After: "reload"}
	case 15:
		return event.Reload{SourceHash: hash(), Basis: key, Generation: 1 + r.IntN(9), Artifact: module(hash(), int64(r.IntN(1000))), Tests: anyTests(r)}
	}
	return event.BuildStarted{SourceHash: hash(), Basis: key}
}

// anyTests is what came of tests, or that there are none.
func anyTests(r *rand.Rand) *event.Tests {
	if r.IntN(2) == 0 {
		return nil
	}
	return &event.Tests{Passed: r.IntN(5), Failed: []event.FailedTest{{Name: "greets", File: "tests/a.toml", Line: 3, Message: "no"}}[:r.IntN(2)], MS: 4}
}

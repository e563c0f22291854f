package inspect

import (
	"os"
	"syscall"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// childOf is the process that the process parent has started whose command line names word; 0: there is none.
func childOf(t *testing.T, parent int, word string) int {
	t.Helper()
	for _, pid := range testkit.ChildrenOf(t, parent, word) {
		return pid
	}
	return 0
}

// A child that somebody kills, or whose guardian somebody kills, says nothing of the module: another one inspects it.
func TestAKilledChildIsNoVerdict(t *testing.T) {
	m := manifest(t, publish+routed)
	testFile(t, m, "[[test]]\nname = \"b\"\ntool = \"greet\"\n")
	path := module(t, m, testkit.Teller(t, `{"tools":[{"name":"greet","description":"Greets.","input_schema":{"type":"object"}}]}`))
	want := inspected(t, m, path, Options{Tests: true})
	for _, who := range []string{"child", "guardian"} {
		t.Run(who, func(t *testing.T) {
			g, err := guest.Prepare(Limits(m, true))
			testkit.Check(t, err)
			defer g.Close()
			var guardian, child int
			testkit.Wait(t, "the child runs", func() bool {
				if guardian = childOf(t, os.Getpid(), "__guardian\x00"); guardian != 0 {
					child = childOf(t, guardian, "__guest\x00")
				}
				return child != 0
			})
			victim := map[string]int{"child": child, "guardian": guardian}[who]
			testkit.Check(t, syscall.Kill(victim, syscall.SIGKILL))
			testkit.Wait(t, "it has ended", func() bool { return !g.Waits() })
			if !g.Killed() {
				t.Error("nobody killed it")
			}
			got := inspected(t, m, path, Options{Tests: true, Guest: g})
			if len(got.Tools) != 1 || len(got.Findings) != len(want.Findings) || len(got.Tests.Ran) != 1 || len(got.Tests.Ran[0].Missed) != len(want.Tests.Ran[0].Missed) {
				t.Errorf("%+v and %+v, want %+v and %+v", got, got.Tests, want, want.Tests)
			}
		})
	}
}

// What goes not well in a child that has loaded another module before is done once more in a new one, and said of that: here the child
// ends by itself between two modules.
func TestAUsedChildIsDoubted(t *testing.T) {
	m := manifest(t, publish+routed)
	testFile(t, m, "[[test]]\nname = \"b\"\ntool = \"greet\"\n")
	path := module(t, m, testkit.Teller(t, `{"tools":[{"name":"greet","description":"Greets.","input_schema":{"type":"object"}}]}`))
	g, err := guest.Prepare(Limits(m, true))
	testkit.Check(t, err)
	defer g.Close()
	want := inspected(t, m, path, Options{Tests: true, Guest: g})
	if g.Rest(); len(want.Tools) != 1 || !g.Waits() && !testkit.Race {
		t.Fatalf("%v: the child does not wait after a module in which all went well", want.Findings)
	}
	child := childOf(t, childOf(t, os.Getpid(), "__guardian\x00"), "__guest\x00")
	testkit.Check(t, syscall.Kill(child, syscall.SIGQUIT)) // Go ends with a code then, as after a fault of its own
	testkit.Wait(t, "it has ended", func() bool { return !g.Waits() })
	got := inspected(t, m, path, Options{Tests: true, Guest: g})
	if g.Killed() || !g.Doubted() {
		t.Error("a used child that ended by itself is believed, or taken for killed")
	}
	if len(got.Tools) != 1 || len(got.Findings) != len(want.Findings) || len(got.Tests.Ran) != 1 || len(got.Tests.Ran[0].Missed) != len(want.Tests.Ran[0].Missed) {
		t.Errorf("%+v and %+v, want %+v and %+v", got, got.Tests, want, want.Tests)
	}
}

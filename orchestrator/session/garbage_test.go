package session

import (
	"runtime/debug"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// Until all is known the heap may grow to heapRoom, whatever is held, and by half of what is held; then by a third, and by less
// where that is more than heapRoom.
func TestGarbageAtStart(t *testing.T) {
	for held, want := range map[uint64]int{0: 1300, 1 << 20: 1300, 4 << 20: 1300, 14 << 20: 300, 28 << 20: 100, 38 << 20: 50, 1 << 40: 50} {
		if is := startPercent(held); is != want {
			t.Errorf("beside %d bytes %d %% may lie, want %d", held, is, want)
		}
	}
	for held, want := range map[uint64]int{0: 30, 1 << 20: 30, 43 << 20: 30, 45 << 20: 24, 48 << 20: 16, 49 << 20: 15, 1 << 40: 15} {
		if is := restPercent(held); is != want {
			t.Errorf("beside %d bytes %d %% may lie in the end, want %d", held, is, want)
		}
	}
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	var g garbage
	g.start()
	defer g.end()
	if is := percent(); is != 1300 {
		t.Errorf("at start %d %% may lie, want 1300", is)
	}
	held := make([]*[1 << 20]byte, 15)
	for n := range held {
		held[n] = new([1 << 20]byte)
	}
	debug.FreeOSMemory() // collects
	testkit.Wait(t, "a collection that has the next one come sooner", func() bool { is := percent(); return is < 1300 && is > startGarbage })
	_ = held[14][0]
	g.rest()
	debug.FreeOSMemory()
	if is := percent(); is != residentGarbage {
		t.Errorf("in the end %d %% may lie, want %d", is, residentGarbage)
	}
}

// percent is how much garbage may lie now.
func percent() int {
	is := debug.SetGCPercent(100)
	debug.SetGCPercent(is)
	return is
}

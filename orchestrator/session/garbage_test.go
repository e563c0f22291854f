package session

import (
	"runtime/debug"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// Until all is known the heap may grow to heapRoom, however few are held, and by usualGarbage; then by that, and by less where it
// would be more than heapRoom.
func TestGarbageAtStart(t *testing.T) {
	for held, want := range map[uint64]int{0: 1100, 1 << 20: 1100, 4 << 20: 1100, 12 << 20: 300, 24 << 20: 100, 40 << 20: 30, 1 << 40: 30} {
		if is := startPercent(held); is != want {
			t.Errorf("beside %d bytes %d %% may lie, want %d", held, is, want)
		}
	}
	for held, want := range map[uint64]int{0: 30, 1 << 20: 30, 36 << 20: 30, 40 << 20: 20, 42 << 20: 15, 1 << 40: 15} {
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
	if is := percent(); is != 1100 {
		t.Errorf("at start %d %% may lie, want 1100", is)
	}
	held := make([]*[1 << 20]byte, 15)
	for n := range held {
		held[n] = new([1 << 20]byte)
	}
	debug.FreeOSMemory() // collects
	testkit.Wait(t, "a collection that has the next one come sooner", func() bool { is := percent(); return is < 1100 && is > usualGarbage })
	_ = held[14][0]
	g.rest()
	debug.FreeOSMemory()
	if is := percent(); is != usualGarbage {
		t.Errorf("in the end %d %% may lie, want %d", is, usualGarbage)
	}
}

// percent is how much garbage may lie now.
func percent() int {
	is := debug.SetGCPercent(100)
	debug.SetGCPercent(is)
	return is
}

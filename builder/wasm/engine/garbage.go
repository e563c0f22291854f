package engine

import (
	"math"
	"runtime"
	"runtime/debug"
	"sync"
)

// hoard is how much memory a child takes before its garbage is collected for the first time. Loads of capsules take less, and
// none of them shares a processor with the collector then. It is less than what a child may have that is to load another module.
const hoard = 96 << 20

// hoarding is whether the child takes memory up to hoard.
var hoarding struct {
	mu    sync.Mutex
	times int // that it began to
}

// hoardGarbage has nothing collected until the process takes as much memory as hoard. From then on Go collects as usual: what
// takes more than that holds it.
func hoardGarbage() {
	hoarding.mu.Lock()
	defer hoarding.mu.Unlock()
	hoarding.times++
	began := hoarding.times
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(hoard)
	collected := &struct{ _ *int }{} // with a pointer: others share their room, and may outlive a collection
	runtime.SetFinalizer(collected, func(any) { collectAsUsual(began) })
}

// collectAsUsual ends the hoarding that began as the one of this number, unless another one has begun.
func collectAsUsual(began int) {
	hoarding.mu.Lock()
	defer hoarding.mu.Unlock()
	if began == hoarding.times {
		debug.SetGCPercent(100)
		debug.SetMemoryLimit(math.MaxInt64)
	}
}

// Collect collects what a child's load has left, so that the next one has as much room.
func Collect() {
	runtime.GC()
	hoardGarbage()
}

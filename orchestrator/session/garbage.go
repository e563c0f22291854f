package session

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// How much garbage may lie beside what is held, in percent. Go's 100 would be more than 100 MB for a thousand capsules.
const (
	startGarbage    = 50 // until all is known, where more than startHeap is held
	residentGarbage = 30 // then, in a process that runs all day,
	leastGarbage    = 15 // and as little where that is more than restHeap: each collection goes over all that is held
)

// startHeap is how many bytes the heap may have until all is known, however few of them are held. A heap that grows from
// nothing is collected thirty times on its way there, which was a fifth of a start with a thousand capsules.
const startHeap = 40 << 20

// restHeap is what the heap stays below then, if leastGarbage is enough for that: with the rest of the process that is 100 MB.
const restHeap = 56 << 20

// garbage says how much garbage may lie, unless the user does.
type garbage struct {
	mu      sync.Mutex
	resting bool
	held    uint64 // after the newest collection
}

// start is until rest.
func (g *garbage) start() {
	if os.Getenv("GOGC") == "" {
		g.upTo(0)
	}
}

// upTo lets garbage lie where held bytes are held, until the next collection tells how many are.
func (g *garbage) upTo(held uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = held
	g.allow()
	collected := &struct{ _ *int }{} // with a pointer: others share their room, and may outlive a collection
	runtime.SetFinalizer(collected, func(any) {
		held := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(held)
		g.upTo(held[0].Value.Uint64())
	})
}

// allow tells Go. g is locked.
func (g *garbage) allow() {
	if g.resting {
		debug.SetGCPercent(restPercent(g.held))
		return
	}
	debug.SetGCPercent(startPercent(g.held))
}

// startPercent is how much garbage may lie beside held bytes until all is known.
func startPercent(held uint64) int {
	held = max(held, 4<<20) // where less is held Go multiplies this
	return max(startGarbage, int(100*startHeap/held)-100)
}

// restPercent is how much may lie then.
func restPercent(held uint64) int {
	return min(residentGarbage, max(leastGarbage, int(100*restHeap/max(held, 1))-100))
}

// rest is when all is known.
func (g *garbage) rest() {
	if os.Getenv("GOGC") != "" {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.resting = true
	g.allow()
}

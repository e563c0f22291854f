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
	usualGarbage = 30 // at least, until all is known; at most, then, in a process that runs all day,
	leastGarbage = 15 // and at least this: each collection goes over all that is held
)

// heapRoom is how many bytes the heap takes, if these bounds let it: with the rest of the process that is below 100 MB. Until all is
// known it grows to them however few are held, since a heap that grows from nothing is collected thirty times on its way there,
// which was a fifth of a start with a thousand capsules.
const heapRoom = 48 << 20

// garbage says how much garbage may lie, unless the user does.
type garbage struct {
	mu      sync.Mutex
	resting bool
	ended   bool
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
	if g.ended {
		return
	}
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
	return max(usualGarbage, int(100*heapRoom/held)-100)
}

// restPercent is how much may lie then.
func restPercent(held uint64) int {
	return min(usualGarbage, max(leastGarbage, int(100*heapRoom/max(held, 1))-100))
}

// end leaves what is allowed as it is.
func (g *garbage) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
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

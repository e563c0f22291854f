package smoke

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// Limits bound one load. A zero field means its default.
type Limits struct {
	Memory       uint64        `json:"memory"`        // linear memory of the guest in bytes, all instances together
	Wall         time.Duration `json:"wall"`          // the whole load, calls included: by the clock and of a processor, both
	AddressSpace uint64        `json:"address_space"` // bytes of address space of the child
	CPUSeconds   uint64        `json:"cpu_seconds"`   // processor seconds of the child
	Output       int           `json:"output"`        // bytes kept of the guest's stdout and of its stderr, each
}

const (
	// The kernel gives a capsule 1,024 pages: what does not fit here does not fit there.
	defaultMemory = astrid.MemoryBytes
	// Loads take up to 0.6 s of a processor, and took 6 s of wall clock on a machine with five
	// builds on two processors: a shorter limit would blame the module for that.
	defaultWall = 10 * time.Second
	// Enough to read a panic with its stack, too little to matter in an event.
	defaultOutput = 64 << 10
	// How long a load waits after the deadline for wazero to notice: its interpreter looks
	// at the context on every loop, so only compiling and loopless recursion are later.
	noticeGrace = 200 * time.Millisecond
)

func (l Limits) withDefaults() Limits {
	if l.Memory == 0 {
		l.Memory = defaultMemory
	}
	if l.Wall == 0 {
		l.Wall = defaultWall
	}
	if l.AddressSpace == 0 {
		l.AddressSpace = engine.AddressSpace
	}
	if l.CPUSeconds == 0 {
		// The collector may use a second processor beside the interpreter.
		l.CPUSeconds = 2*uint64((l.whole()+time.Second-1)/time.Second) + 1
	}
	if l.Output == 0 {
		l.Output = defaultOutput
	}
	return l
}

// whole is the time limit of the load with that of what is left of a known module before it.
func (l Limits) whole() time.Duration { return l.Wall + l.Wall/slimShare }

// Options choose what a load does. The zero value loads under the default limits.
type Options struct {
	Limits   Limits       `json:"limits"`
	Calls    []Call       `json:"calls,omitempty"`
	Declared *Declared    `json:"declared,omitempty"` // what the manifest says; nil: kernel-ready skips those rules
	Lines    engine.Lines `json:"lines"`              // where a trap's place in the source is known from
	Runtime  string       `json:"runtime,omitempty"`  // the release that judges; "": the newest known
}

// loadWithin examines module in this process and never returns nil. It ends soon after
// Limits.Wall or when ctx ends; it touches no file, no network and no environment. processor is
// a clock of processor time, for a process that does nothing else; nil: there is none.
//
// Against hostile bytes it is a best effort: a guest that recurses without a loop cannot be
// stopped from inside, and its goroutine then runs on after loadWithin has returned.
func loadWithin(ctx context.Context, module []byte, o Options, processor func() time.Duration) *Report {
	o.Limits = o.Limits.withDefaults()
	return (&work{module: module, options: o}).within(ctx, processor)
}

// within does the load. The limits are set.
func (w *work) within(ctx context.Context, processor func() time.Duration) *Report {
	w.out = newCaptures(w.options.Limits.Output)
	if r := w.prepare(); r != nil { // what it takes to compile the reader is no fault of the module's
		return r
	}
	start := time.Now()
	ctx, cancel := engine.Bounded(ctx, w.options.Limits.Wall, processor)
	defer cancel()
	done := make(chan *Report, 1) // buffered: an abandoned load must be able to end
	go func() { done <- w.run(ctx) }()

	var r *Report
	select {
	case r = <-done:
	case <-ctx.Done():
		select {
		case r = <-done:
		case <-time.After(noticeGrace):
			r = w.abandon(ctx)
		}
	}
	w.out.into(r)
	r.Times.Total = millis(time.Since(start))
	return r
}

// prepare finds the reader and the release; a report tells why there is none.
func (w *work) prepare() *Report {
	r := &Report{Verdict: Loads, Loads: true, Size: int64(len(w.module))}
	var err error
	if w.reader, err = reader.Shared(); err != nil {
		r.fail(finding.SmokeEngine, err.Error(), "")
		return r
	}
	w.release = astrid.Newest()
	if w.options.Runtime != "" {
		if w.release, err = astrid.Find(w.options.Runtime); err != nil {
			r.fail(finding.SmokeRuntime, err.Error(), "name a release that astrid-dev knows")
			return r
		}
	}
	return nil
}

// run does the load and turns a panic of the engine into a verdict.
func (w *work) run(ctx context.Context) (r *Report) {
	r = &Report{Verdict: Loads, Loads: true, Size: int64(len(w.module)), Declared: w.options.Declared}
	defer func() {
		if p := recover(); p != nil && ctx.Err() != nil {
			w.interrupted(ctx, r)
		} else if p != nil {
			r.fail(finding.SmokeEngine, fmt.Sprintf("the engine broke while %s: %v", w.during(), p),
				"check the module with another tool; if it is valid, report this")
			r.Trap = &Trap{Message: fmt.Sprint(p), Stack: strings.Split(string(debug.Stack()), "\n")}
		}
		finding.Sort(r.Findings)
		w.leave(r)
	}()
	if w.sniff(r) != KindUnknown {
		w.load(ctx, r)
	}
	return r
}

// abandon reports a load that did not notice its deadline.
func (w *work) abandon(ctx context.Context) *Report {
	r := &Report{Verdict: Loads, Loads: true, Size: int64(len(w.module))}
	if known := w.scanned.Load(); known != nil {
		*r = *known
	}
	w.interrupted(ctx, r)
	return r
}

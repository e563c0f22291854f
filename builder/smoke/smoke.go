// Package smoke loads a module in a sandbox and reports what it found.
//
// LoadFile, and Prepare for who has time before, load in a child that has hard limits: only
// the child is safe against every input.
package smoke

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
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
	defaultMemory = 64 << 20
	// Loads take up to 0.6 s of a processor, and took 6 s of wall clock on a machine with five
	// builds on two processors: a shorter limit would blame the module for that.
	defaultWall = 10 * time.Second
	// Measured under prlimit: before the guest's first byte a Go process maps 1.0 to 1.5 GB,
	// a 12 MB JavaScript component needs 2.0. Three leaves it half as much again, and keeps the worst
	// guest (2,000 nested calls with 50,000 locals each) below 2 GB of real memory.
	defaultAddressSpace = 3 << 30
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
		l.AddressSpace = defaultAddressSpace
	}
	if l.CPUSeconds == 0 {
		// The collector may use a second processor beside the interpreter.
		l.CPUSeconds = 2*uint64((l.Wall+time.Second-1)/time.Second) + 1
	}
	if l.Output == 0 {
		l.Output = defaultOutput
	}
	return l
}

// Options choose what a load does. The zero value loads under the default limits.
type Options struct {
	Limits   Limits    `json:"limits"`
	Calls    []Call    `json:"calls,omitempty"`
	Declared *Declared `json:"declared,omitempty"` // what the manifest says; nil: kernel-ready skips those rules
	Runtime  string    `json:"runtime,omitempty"`  // the release that judges; "": the newest known
}

// loadWithin examines module in this process and never returns nil. It ends soon after
// Limits.Wall or when ctx ends; it touches no file, no network and no environment. processor is
// a clock of processor time, for a process that does nothing else; nil: there is none.
//
// Against hostile bytes it is a best effort: a guest that recurses without a loop cannot be
// stopped from inside, and its goroutine then runs on after loadWithin has returned.
func loadWithin(ctx context.Context, module []byte, o Options, processor func() time.Duration) *Report {
	o.Limits = o.Limits.withDefaults()
	w := &work{module: module, options: o, out: newCaptures(o.Limits.Output)}
	if r := w.prepare(); r != nil { // what it takes to compile the reader is no fault of the module's
		return r
	}
	start := time.Now()
	ctx, cancel := o.Limits.bounded(ctx, processor)
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

// work is one load. Its goroutine owns the report until it hands it over; the
// other fields are written before it starts or are safe to share.
type work struct {
	module  []byte
	options Options
	out     *captures
	reader  *reader.Reader
	release *astrid.Release
	phase   atomic.Pointer[string]
	scanned atomic.Pointer[Report] // what was known before the first guest instruction
}

func (w *work) enter(phase string) { w.phase.Store(&phase) }

func (w *work) during() string {
	if p := w.phase.Load(); p != nil {
		return *p
	}
	return "reading it"
}

// remember keeps a copy of r for the case that the load has to be abandoned. The
// findings are copied because run goes on to append to them and sorts them.
func (w *work) remember(r *Report) {
	known := *r
	known.Findings = slices.Clone(r.Findings)
	w.scanned.Store(&known)
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

// interrupted records that ctx ended the load.
func (w *work) interrupted(ctx context.Context, r *Report) {
	cause := context.Cause(ctx)
	if errors.Is(cause, errBusy) {
		r.unknown(finding.SmokeSlow, fmt.Sprintf("the machine gave it less than %s of a processor in %s, while %s: it was not loaded to its end",
			w.options.Limits.Wall, clockPatience*w.options.Limits.Wall, w.during()), "build it again when the machine is less busy")
		return
	}
	if !errors.Is(cause, errWall) {
		r.fail(finding.SmokeCancelled, "the load was cancelled while "+w.during(), "")
		return
	}
	r.fail(finding.SmokeTimeout, fmt.Sprintf("not done after %s while %s", w.options.Limits.Wall, w.during()), timeoutHint)
}

// sniff tells what the bytes are; KindUnknown comes with its finding.
func (w *work) sniff(r *Report) Kind {
	b := w.module
	switch {
	case len(b) == 0:
		r.fail(finding.SmokeEmpty, "the file is empty", "the build wrote nothing: look at its output and at the path it writes")
	case len(b) < 4 && strings.HasPrefix(reader.Magic, string(b)):
		r.fail(finding.SmokeTruncated, fmt.Sprintf("the file ends after %d bytes, inside its first word", len(b)), rebuildHint)
	case len(b) < 4 || string(b[:4]) != reader.Magic:
		r.fail(finding.SmokeNotWasm, "the file is not WebAssembly: it begins with "+quoteStart(b),
			"component.file and output must name the .wasm file that the build writes")
	case len(b) < 8:
		r.fail(finding.SmokeTruncated, fmt.Sprintf("the file ends after %d bytes, inside its header", len(b)), rebuildHint)
	case string(b[4:8]) == "\x01\x00\x00\x00":
		r.Kind = KindCore
	case b[6] == 1 && b[7] == 0:
		r.Kind = KindComponent
	default:
		r.fail(finding.SmokeVersion, fmt.Sprintf("unknown WebAssembly version % x", b[4:8]), "build it with a current toolchain")
	}
	return r.Kind
}

const timeoutHint = `start functions must return; if it needs longer, set smoke = { timeout = "30s" } in [package.metadata.astrid-dev]`

const rebuildHint = "the file was cut off while it was written: build again"

// quoteStart shows the first bytes of a file that is something else.
func quoteStart(b []byte) string {
	// One terminal line, whatever the file is.
	const shown = 24
	return fmt.Sprintf("%q", b[:min(len(b), shown)])
}

func millis(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000 // a microsecond is finer than any clock that matters here
}

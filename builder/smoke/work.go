package smoke

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/slim"
)

// work is one load. Its goroutine owns the report until it hands it over; the
// other fields are written before it starts or are safe to share.
type work struct {
	module  []byte
	options Options
	out     *captures
	reader  *reader.Reader
	release *astrid.Release
	left    slim.Left       // what is not in module, of the file that it stands for
	watch   engine.Watch    // who is told which functions run; may be nil
	locals  uint64          // of all functions of the file; what the load found
	kept    *engine.Kept    // of the load before; nil: nothing is
	before  *engine.Sandbox // that was kept
	reading *reader.Reading // what the file was read as
	sandbox *engine.Sandbox // nil: nothing has been started; the load alone uses it
	phase   atomic.Pointer[string]
	scanned atomic.Pointer[Report] // what was known before the first guest instruction
}

// trap is how the guest died, with the lines of its source where they are known; nil for an error that is none.
func (w *work) trap(err error) *Trap {
	if w.sandbox == nil {
		return nil
	}
	said, _ := w.out.stderr.text()
	return w.sandbox.Trap(err, said)
}

// keptKey is the key of what is kept of this load.
func (w *work) keptKey() string {
	return fmt.Sprintf("%x, by %s, within %d bytes", w.left.Key, w.release.Version, w.options.Limits.Memory)
}

// leave keeps what the next load of the same code needs, where this one went as r says, and frees the rest.
func (w *work) leave(r *Report) {
	switch {
	case w.sandbox == nil && w.before != nil:
		w.before.Close()
	case w.sandbox == nil:
	case w.kept != nil && wentWell(r):
		w.kept.Keep(w.keptKey(), w.reading, w.sandbox)
	default:
		w.sandbox.Close()
	}
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

// interrupted records that ctx ended the load.
func (w *work) interrupted(ctx context.Context, r *Report) {
	cause := context.Cause(ctx)
	if errors.Is(cause, engine.ErrBusy) {
		r.unknown(finding.SmokeSlow, fmt.Sprintf("the machine gave it less than %s of a processor in %s, while %s: it was not loaded to its end",
			w.options.Limits.Wall, engine.ClockPatience*w.options.Limits.Wall, w.during()), "build it again when the machine is less busy")
		return
	}
	if !errors.Is(cause, engine.ErrWall) {
		r.fail(finding.SmokeCancelled, "the load was cancelled while "+w.during(), "")
		return
	}
	r.fail(finding.SmokeTimeout, fmt.Sprintf("not done after %s of a processor's time, while %s", w.options.Limits.Wall, w.during()), timeoutHint)
}

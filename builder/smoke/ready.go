package smoke

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// A capsule with a run loop is taken by the runtime only when its run export says
// signal-ready within half a second. So run is called here, as far as that signal, or to
// where it would wait too long for it. Time is the guest's own: what it sleeps and waits.

// checkRun calls a run export that the runtime takes for a real one.
func (l *live) checkRun(ctx context.Context, reading *reader.Reading) {
	if reading.Kind != reader.Component || !slices.Contains(reading.Real, "run") {
		return
	}
	f, run, ok := l.Exported("run")
	switch {
	case !ok:
		l.notReady(finding.Error, finding.KernelNotReady, "a core module in it exports run, which the runtime takes for a run loop, and the component itself exports none: it never calls signal-ready")
	case run != nil && engine.IsPlain(f.Type):
		l.runUntilReady(ctx, f, run)
	}
}

// runUntilReady calls the run export, and says why the runtime would refuse the capsule.
func (l *live) runUntilReady(ctx context.Context, f *reader.Lifted, run api.Function) {
	l.work.enter("calling run until it is ready")
	l.ready = readiness{running: true}
	_, err := l.Call(ctx, run)
	l.ready.running = false
	switch {
	case errors.Is(err, errReady):
	case ctx.Err() != nil:
		l.notReady(finding.Warning, finding.KernelReadyUnknown, "its run export has not signalled that it is ready when the time of the load was over")
	case errors.Is(err, errWaiting):
		l.notReady(finding.Error, finding.KernelNotReady, "its run export waits for more than half a second without calling signal-ready")
	case err == nil && !f.Options.Async:
		l.notReady(finding.Error, finding.KernelNotReady, "its run export returns without calling signal-ready")
	case err == nil:
		l.notReady(finding.Warning, finding.KernelReadyUnknown, "its run export is asynchronous and gave way before it called signal-ready")
	default:
		l.notReady(finding.Warning, finding.KernelReadyUnknown, fmt.Sprintf("its run export failed before it called signal-ready, perhaps because the host here answers with zeros: %s", firstLine(err.Error())))
	}
}

func (l *live) notReady(s finding.Severity, code finding.Code, message string) {
	hint := "call signal-ready of astrid:sys/host as soon as run has subscribed: the runtime waits 500 ms for it"
	l.readiness = append(l.readiness, finding.Finding{Code: code, Severity: s, Message: message, Hint: hint})
}

package smoke

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// A capsule with a run loop is taken by the runtime only when its run export says
// signal-ready within half a second. So run is called here, as far as that signal, or to
// where it would wait too long for it. Time is the guest's own: what it sleeps and waits.

// readyWithin is the runtime's limit, in nanoseconds (crate astrid-kernel, lib.rs:
// RUN_LOOP_READY_TIMEOUT).
const readyWithin = 500e6

var (
	errReady   = errors.New("it signalled that it is ready")
	errWaiting = errors.New("it waits without having signalled")
)

// readiness watches the host's functions while run is called.
type readiness struct {
	running bool
	waited  uint64 // nanoseconds
}

// watch is what a call of f means for readiness; nil for most functions.
func (s *readiness) watch(f *reader.HostFunction) func(stack []uint64) {
	iface, _, _ := strings.Cut(f.Module, "@")
	wait := func(ns uint64) {
		if !s.running {
			return
		}
		if s.waited += min(ns, readyWithin); s.waited >= readyWithin {
			panic(errWaiting)
		}
	}
	switch iface + "#" + f.Function {
	case "astrid:sys/host#signal-ready":
		return func([]uint64) {
			if s.running {
				panic(errReady)
			}
		}
	case "astrid:sys/host#sleep-ns":
		return func(stack []uint64) { wait(stack[0]) }
	case "astrid:ipc/host#[method]subscription.recv":
		return func(stack []uint64) { wait(stack[1] * 1e6) } // a timeout in milliseconds
	case "astrid:io/poll#poll", "astrid:io/poll#[method]pollable.block":
		return func([]uint64) { wait(readyWithin) }
	}
	return nil
}

// checkRun calls a run export that the runtime takes for a real one.
func (l *live) checkRun(ctx context.Context, reading *reader.Reading) {
	if !l.isComponent || !slices.Contains(reading.Real, "run") {
		return
	}
	for i := range reading.Plan.Functions {
		if f := &reading.Plan.Functions[i]; f.Name == "run" {
			if isPlain(f.Type) {
				l.runUntilReady(ctx, f)
			}
			return
		}
	}
	l.notReady(finding.Error, finding.KernelNotReady, "a core module in it exports run, which the runtime takes for a run loop, and the component itself exports none: it never calls signal-ready")
}

// runUntilReady calls the run export, and says why the runtime would refuse the capsule.
func (l *live) runUntilReady(ctx context.Context, f *reader.Lifted) {
	run := l.at(f.Place)
	if run == nil {
		return
	}
	l.work.enter("calling run until it is ready")
	l.ready = readiness{running: true}
	_, err := run.Call(ctx)
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

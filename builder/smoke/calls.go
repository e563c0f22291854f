package smoke

import (
	"context"
	"fmt"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

// maxData bounds what is kept of the data of one answer: enough for every tool
// description, and far from the limit on the child's result.
const maxData = 1 << 20

// calls makes the calls that were asked for, in order, and stops at the first that
// fails: the kernel does not use an instance again that has trapped.
func (w *work) calls(ctx context.Context, r *Report, t *engine.Trigger, err error) {
	failed := false
	for _, c := range w.options.Calls {
		result := CallResult{Action: c.Action}
		switch {
		case err != nil:
			result.Error = err.Error()
		case failed:
			result.Error = "not called, because an earlier call failed"
		default:
			w.enter(fmt.Sprintf("calling %s with action %q", engine.TriggerName, c.Action))
			began := time.Now()
			callErr := result.run(ctx, t, c)
			result.Millis = millis(time.Since(began))
			r.Times.Call += result.Millis
			if callErr != nil {
				failed = true
				w.callFailed(ctx, r, &result, callErr)
			}
		}
		r.Calls = append(r.Calls, result)
	}
	if err != nil && len(w.options.Calls) > 0 {
		r.fail(finding.SmokeCall, "it cannot be called: "+err.Error(), "export the contract function, or leave call out of the smoke settings")
	}
}

func (w *work) callFailed(ctx context.Context, r *Report, result *CallResult, err error) {
	result.Error = firstLine(err.Error())
	if ctx.Err() != nil {
		w.interrupted(ctx, r)
		return
	}
	if result.Trap = w.trap(err); result.Trap != nil && len(result.Trap.Stack) == 0 {
		result.Trap = nil
	}
	r.fail(finding.SmokeCall, fmt.Sprintf("the call with action %q failed: %s", result.Action, result.Error),
		"the guest's own message and stack are shown with the report; the host behind its imports is a stub that answers with zeros")
	r.place(result.Trap)
}

// run makes one call and keeps what came of it.
func (r *CallResult) run(ctx context.Context, t *engine.Trigger, c Call) error {
	answer, err := t.Call(ctx, c.Action, c.Payload, maxData)
	if answer != nil {
		r.Returned, r.Data, r.HasData, r.DataCut = answer.Action, answer.Data, answer.HasData, answer.DataCut
	}
	return err
}

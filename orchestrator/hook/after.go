package hook

import (
	"fmt"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// Event is what a command is run after, and what it is called.
type Event struct {
	Flag  string // that names the command
	After string // as event.HookEnded has it
	what  string // in a warning, before the reload's number
	wants func(h *Hook, e event.Event) bool
}

// What a command can be run after.
var (
	Reload = Event{"--on-reload", "reload", "reload", (*Hook).reloads}
	Live   = Event{"--on-live", "live", "live reload", func(_ *Hook, e event.Event) bool { return e.Body.Kind() == (event.Live{}).Kind() }}
	Failed = Event{"--on-failed", "failed", "failure", func(_ *Hook, e event.Event) bool { return fails(e) }}
	Mended = Event{"--on-mended", "mended", "mending", (*Hook).mends}
)

// reloads reports whether e is a reload, or what each build is run after.
func (h *Hook) reloads(e event.Event) bool {
	again, same := e.Body.(event.Unchanged)
	return e.Body.Kind() == (event.Reload{}).Kind() || same && again.Rebuilt && h.o.Each
}

// fails reports whether e says that a capsule failed or is held.
func fails(e event.Event) bool {
	switch b := e.Body.(type) {
	case event.BuildFailed:
		return b.Reason == "" // else it is said again of an earlier build
	case event.SmokeFailed:
		return b.Reason == ""
	case event.Held:
		return true
	}
	return false
}

// mends reports whether e is the first success of a capsule after a failure.
func (h *Hook) mends(e event.Event) bool {
	switch b := e.Body.(type) {
	case event.BuildFailed, event.SmokeFailed, event.Held:
		h.failed[e.Dir] = true
		return false
	case event.CapsuleRemoved:
		delete(h.failed, e.Dir)
		return false
	case event.Reload:
	case event.Unchanged:
		if b.State != "" && b.State != event.Good {
			return false
		}
	default:
		return false
	}
	before := h.failed[e.Dir]
	delete(h.failed, e.Dir)
	return before
}

// of is what a command was run after: the reload with a number, where there is one.
func (e Event) of(generation int) string {
	if generation == 0 {
		return "a " + e.what
	}
	return fmt.Sprintf("%s #%d", e.what, generation)
}

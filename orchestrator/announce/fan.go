package announce

import "github.com/astrid-runtime/astrid-dev/orchestrator/event"

// Fan hands every event to each of to, in order. nil ones are passed over.
func Fan(to ...Announcer) Announcer {
	return func(e event.Event) {
		for _, announce := range to {
			if announce != nil {
				announce(e)
			}
		}
	}
}

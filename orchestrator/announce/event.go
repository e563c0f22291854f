// Package announce tells the world what the orchestrator did: as lines for a
// person, as JSON for a program, as a command to run.
package announce

import "github.com/astrid-runtime/astrid-dev/orchestrator/event"

// Announcer receives every event, in order, from one goroutine. It must not
// block for long and cannot fail: what goes wrong inside it is its own to report.
type Announcer func(event.Event)

package engine

import (
	"errors"
	"strings"

	"github.com/tetratelabs/wazero/sys"
)

// Trap is how a guest died.
type Trap struct {
	Message string   `json:"message"`
	Stack   []string `json:"stack,omitempty"` // innermost frame first
}

// TrapOf splits wazero's error for a trap into message and stack; nil for other errors.
func TrapOf(err error) *Trap {
	var exit *sys.ExitError
	if err == nil || errors.As(err, &exit) {
		return nil
	}
	head, stack, found := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	if !found {
		return &Trap{Message: head}
	}
	t := &Trap{Message: head}
	for line := range strings.Lines(stack) {
		line = strings.TrimSuffix(strings.TrimSpace(line), " (recovered by wazero)")
		if line == "wasm stack trace:" {
			continue // of a trap in one component that another called
		}
		// Instances have no name, which leaves a dot before the function's.
		if !strings.HasPrefix(line, "...") {
			line = strings.TrimPrefix(line, ".")
		}
		t.Stack = append(t.Stack, line)
	}
	return t
}

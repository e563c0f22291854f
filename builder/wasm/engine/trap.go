package engine

import (
	"errors"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero/sys"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/source"
)

// Trap is how a guest died.
type Trap struct {
	Message  string   `json:"message"`
	Stack    []string `json:"stack,omitempty"`    // innermost frame first
	At       *Place   `json:"at,omitempty"`       // in the author's source; nil: nobody knows
	Unplaced string   `json:"unplaced,omitempty"` // why At is not known, and how it may be had; "": nobody could say
}

// trapOf splits wazero's error for a trap into message and stack; nil for other errors. marks are
// the positions of the frames, "" where one is not known: as many as frames.
func trapOf(err error) (t *Trap, marks []string) {
	var exit *sys.ExitError
	if err == nil || errors.As(err, &exit) {
		return nil, nil
	}
	head, stack, found := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	if t = (&Trap{Message: head}); !found {
		return t, nil
	}
	for line := range strings.Lines(stack) {
		line = strings.TrimSuffix(strings.TrimSpace(line), " (recovered by wazero)")
		if line == "wasm stack trace:" {
			continue // of a trap in one component that another called
		}
		if _, _, ok := source.ReadMark(line); ok {
			if len(marks) > 0 {
				marks[len(marks)-1] = line
			}
			continue
		}
		// Instances have no name, which leaves a dot before the function's.
		if !strings.HasPrefix(line, "...") {
			line = strings.TrimPrefix(line, ".")
		}
		t.Stack, marks = append(t.Stack, line), append(marks, "")
	}
	return t, marks
}

// Trap is how a guest died, with the lines of its source where they are known; nil for an error that is no
// trap. said is what the guest wrote before it died.
func (s *Sandbox) Trap(err error, said string) *Trap {
	t, marks := trapOf(err)
	if t == nil {
		return nil
	}
	l := lookup{sandbox: s, opened: map[string]*source.Module{}}
	var stack []string
	var places []source.Place
	for i, frame := range t.Stack {
		here := l.at(marks[i])
		if len(here) == 0 {
			stack = append(stack, frame)
			continue
		}
		for _, p := range here {
			p.File = s.config.Lines.below(p.File)
			stack = append(stack, p.String())
			places = append(places, p)
		}
	}
	t.Stack = stack
	if t.At = s.config.Lines.own(places); t.At == nil {
		t.At = s.config.Lines.spoken(said)
	}
	if t.At == nil && s.config.Lines.Elsewhere {
		t.Unplaced = unplaced
	}
	return t
}

// lookup opens what tells of modules' lines, once for a stack.
type lookup struct {
	sandbox *Sandbox
	opened  map[string]*source.Module // by the key of a mark; nil: it tells nothing
}

// at are the places of a marked frame; nil where no line is known.
func (l *lookup) at(mark string) []source.Place {
	key, offset, ok := source.ReadMark(mark)
	if !ok {
		return nil
	}
	m, known := l.opened[key]
	if !known {
		at, err := strconv.Atoi(key)
		if err != nil {
			return nil
		}
		m = l.sandbox.config.Lines.open(l.sandbox.codes[at])
		l.opened[key] = m
	}
	if m == nil {
		return nil
	}
	places := m.At(offset)
	if len(places) > 0 && places[0].File == "" {
		return nil // wazero names the function as well
	}
	return places
}

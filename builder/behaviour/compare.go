package behaviour

import (
	"fmt"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/text"
)

// Call is a call that was observed. Key says which call it is: what is called, with what, in which world.
type Call struct {
	Key  string       `json:"key"`
	Name string       `json:"name"`           // of the test
	Tool string       `json:"tool,omitempty"` // or the topic
	File string       `json:"file,omitempty"` // where it is told, a slash path below the capsule
	Line int          `json:"line,omitempty"`
	Seen *Observation `json:"seen"`
}

// Change is one thing that a call does otherwise.
type Change struct {
	Tool    string `json:"tool"` // or the topic
	Name    string `json:"name"` // of the call
	What    string `json:"what"` // answer, error, trap, published, files, stored, imports, memory
	Message string `json:"message"`
	Old     string `json:"old,omitempty"` // the beginning of what it was
	New     string `json:"new,omitempty"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
}

// String is a line for a person: "read_file: error text changed (reads what is missing)".
func (c Change) String() string { return fmt.Sprintf("%s: %s (%s)", c.Tool, c.Message, c.Name) }

// Compare says what the calls of now do otherwise than the same calls before, in the order of
// now. Calls that were not observed before say nothing.
func Compare(before, now []Call) (list []Change) {
	var most [2]uint64 // memory
	for _, c := range now {
		i := slices.IndexFunc(before, func(old Call) bool { return old.Key == c.Key })
		if i < 0 || c.Seen == nil || before[i].Seen == nil {
			continue
		}
		old := before[i].Seen
		most[0], most[1] = max(most[0], old.Memory), max(most[1], c.Seen.Memory)
		for _, change := range differences(old, c.Seen) {
			change.Tool, change.Name, change.File, change.Line = c.Tool, c.Name, c.File, c.Line
			list = append(list, change)
		}
	}
	if more(most[0], most[1]) || more(most[1], most[0]) {
		list = append(list, Change{What: "memory", Message: "memory went from " + text.Memory(most[0]) + " to " + text.Memory(most[1]), Tool: "all calls", Name: "the most that was held"})
	}
	return list
}

// A change of memory is worth a word from a half and 1 MiB on: less is an allocator's mood.
const memoryStep = 1 << 20

func more(a, b uint64) bool { return b >= a+memoryStep && b >= a+a/2 }

// differences are those of one call. One that now ends otherwise has one word for it.
func differences(old, now *Observation) (list []Change) {
	add := func(what, message string, a, b Part) {
		list = append(list, Change{What: what, Message: message, Old: a.Excerpt, New: b.Excerpt})
	}
	a, b := old.end(), now.end()
	switch {
	case a.what == b.what && a.part.Digest != b.part.Digest:
		add(b.what, b.changed, a.part, b.part)
	case a.what != b.what && now.Place != "":
		add(b.what, b.became+" at "+now.Place, a.part, b.part)
	case a.what != b.what:
		add(b.what, b.became, a.part, b.part)
	}
	for _, side := range []struct {
		what, message string
		a, b          Part
	}{{"published", "what it publishes changed", old.Published, now.Published}, {"files", "what it writes changed", old.Files, now.Files}, {"stored", "what it stores changed", old.Stored, now.Stored}} {
		if side.a.Digest != side.b.Digest {
			add(side.what, side.message, side.a, side.b)
		}
	}
	added, removed := less(now.Used, old.Used), less(old.Used, now.Used)
	if len(added) > 0 {
		add("imports", "it now calls "+strings.Join(added, ", "), Part{}, Part{})
	}
	if len(removed) > 0 {
		add("imports", "it no longer calls "+strings.Join(removed, ", "), Part{}, Part{})
	}
	return list
}

// ending is how a call ended.
type ending struct {
	what, changed, became string
	part                  Part
}

func (o *Observation) end() ending {
	switch {
	case o.Trap.Digest != "" && !o.Died:
		return ending{"trap", "it gives no answer for another reason", "it now gives no answer", o.Trap}
	case o.Trap.Digest != "":
		return ending{"trap", "it dies otherwise", "it now traps", o.Trap}
	case o.Error.Digest != "":
		return ending{"error", "error text changed", "it now fails", o.Error}
	}
	return ending{"answer", "answer changed", "it now answers", o.Answer}
}

// less is what only a has.
func less(a, b []string) (list []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			list = append(list, s)
		}
	}
	return list
}

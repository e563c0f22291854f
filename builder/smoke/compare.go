package smoke

import (
	"fmt"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/text"
)

// Delta is what changed from one report to the next. Lists are sorted.
type Delta struct {
	ImportsAdded        []string `json:"imports_added,omitempty"`
	ImportsRemoved      []string `json:"imports_removed,omitempty"`
	ExportsAdded        []string `json:"exports_added,omitempty"`
	ExportsRemoved      []string `json:"exports_removed,omitempty"`
	CapabilitiesAdded   []string `json:"capabilities_added,omitempty"`
	CapabilitiesRemoved []string `json:"capabilities_removed,omitempty"`
	PublishAdded        []string `json:"publish_added,omitempty"`
	PublishRemoved      []string `json:"publish_removed,omitempty"`
	SubscribeAdded      []string `json:"subscribe_added,omitempty"`
	SubscribeRemoved    []string `json:"subscribe_removed,omitempty"`
	ToolsAdded          []string `json:"tools_added,omitempty"`
	ToolsRemoved        []string `json:"tools_removed,omitempty"`
	OldSize             int64    `json:"old_size"`
	NewSize             int64    `json:"new_size"`
}

// A change of size is worth a word from a tenth and 16 KiB on: below that every
// rebuild would have one.
const (
	sizeShare = 10
	sizeStep  = 16 << 10
)

// Compare tells what new has that old had not, and the other way round. A nil report
// stands for one that is not known: the result is then empty.
func Compare(old, new *Report) *Delta {
	d := &Delta{}
	if old == nil || new == nil {
		return d
	}
	d.OldSize, d.NewSize = old.Size, new.Size
	d.ImportsAdded, d.ImportsRemoved = difference(old.importNames(), new.importNames())
	d.ExportsAdded, d.ExportsRemoved = difference(old.exportNames(), new.exportNames())
	if old.Declared == nil || new.Declared == nil {
		return d
	}
	a, b := old.Declared, new.Declared
	d.CapabilitiesAdded, d.CapabilitiesRemoved = difference(a.Capabilities, b.Capabilities)
	d.PublishAdded, d.PublishRemoved = difference(a.Publish, b.Publish)
	d.SubscribeAdded, d.SubscribeRemoved = difference(a.Subscribe, b.Subscribe)
	d.ToolsAdded, d.ToolsRemoved = difference(a.Tools, b.Tools)
	return d
}

func (r *Report) importNames() (names []string) {
	for _, i := range r.Imports {
		switch {
		case i.Class == ClassNone:
		case i.Name == "":
			names = append(names, i.Module)
		default:
			names = append(names, i.Module+"#"+i.Name)
		}
	}
	return names
}

func (r *Report) exportNames() (names []string) {
	for _, e := range r.Exports {
		names = append(names, e.Name)
	}
	return names
}

// difference returns what only b has and what only a has, each once.
func difference(a, b []string) (added, removed []string) {
	only := func(x, y []string) (out []string) {
		for _, s := range x {
			if !slices.Contains(y, s) && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		slices.Sort(out)
		return out
	}
	return only(b, a), only(a, b)
}

// String is one line for a person, without the end of line; "" when nothing changed
// but the size, and that by little.
func (d *Delta) String() string {
	var parts []string
	say := func(verb string, list []string) {
		if len(list) > 0 {
			parts = append(parts, verb+" "+list5(list))
		}
	}
	say("newly imports", d.ImportsAdded)
	say("no longer imports", d.ImportsRemoved)
	say("newly exports", d.ExportsAdded)
	say("no longer exports", d.ExportsRemoved)
	say("newly declares", d.CapabilitiesAdded)
	say("no longer declares", d.CapabilitiesRemoved)
	say("newly publishes", d.PublishAdded)
	say("no longer publishes", d.PublishRemoved)
	say("newly subscribes to", d.SubscribeAdded)
	say("no longer subscribes to", d.SubscribeRemoved)
	say("adds the tool", d.ToolsAdded)
	say("removes the tool", d.ToolsRemoved)
	if s := d.size(); s != "" {
		parts = append(parts, s)
	}
	if len(parts) == 0 {
		return ""
	}
	return "this reload " + strings.Join(parts, "; ")
}

func (d *Delta) size() string {
	change := d.NewSize - d.OldSize
	if d.OldSize == 0 || max(change, -change) < max(sizeStep, d.OldSize/sizeShare) {
		return ""
	}
	verb := "grows"
	if change < 0 {
		verb = "shrinks"
	}
	return fmt.Sprintf("%s from %s to %s", verb, text.Memory(uint64(d.OldSize)), text.Memory(uint64(d.NewSize)))
}

// list5 names at most five: the line has to stay one line.
func list5(list []string) string {
	if len(list) > 5 {
		return strings.Join(list[:5], ", ") + fmt.Sprintf(" and %d more", len(list)-5)
	}
	return strings.Join(list, ", ")
}

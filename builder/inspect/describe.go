package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/behaviour"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Inspection is what a module can do.
type Inspection struct {
	Tools    []tools.Tool      // that it describes
	Findings []finding.Finding // warnings: what keeps tools from being called as their author expects

	Files []*tests.File  // of tests; nil where none were asked for
	Tests *tests.Summary // nil: there are none

	Calls   []behaviour.Call   // what the calls of the module did: that for its tools, and those of the tests
	Changed []behaviour.Change // what they do otherwise than before

	options guest.Options // of the child
}

// Before is the module with which another is compared.
type Before struct {
	Module string           // its path
	Lines  engine.Lines     // of its source
	Calls  []behaviour.Call // what is known of it; the other calls are made once more
}

// describe asks for the tools, and names them; nil where the guest does not answer as it should.
// The error is a child that ended.
func (i *Inspection) describe(ctx context.Context, m *capsule.Manifest, g *guest.Guest) (names []string, err error) {
	var outcome *guest.Outcome
	i.Tools, outcome, err = tools.Describe(ctx, g, tools.World(m))
	var fault *tools.FaultError
	switch {
	case errors.As(err, &fault):
		if outcome == nil || !outcome.Late {
			i.Calls = append(i.Calls, described(nil, outcome, fault.Message))
		}
		i.silent(err)
		return nil, nil
	case err != nil:
		return nil, err
	}
	i.Calls = append(i.Calls, described(i.Tools, outcome, ""))
	names = []string{}
	for _, t := range i.Tools {
		names = append(names, t.Name)
	}
	i.Findings = wiring(m, i.Tools, g.RunLoop())
	return names, nil
}

// silent warns of a module that cannot be asked.
func (i *Inspection) silent(err error) {
	i.Findings = append(i.Findings, finding.Finding{Code: finding.ToolDescribeFailed, Severity: finding.Warning, File: tree.ManifestName,
		Message: "asked to describe its tools it gives no answer: " + err.Error(),
		Hint:    "astrid-dev call shows what it logs; without an answer no client sees its tools"})
}

// describeKey is the call of every module that asks for its tools.
const describeKey = "describe"

// described is what a module answers when it is asked for its tools.
func described(list []tools.Tool, o *guest.Outcome, fault string) behaviour.Call {
	content, err := json.Marshal(list)
	if err != nil {
		content = nil // a schema that is no JSON: the wiring says so
	}
	return behaviour.Call{Key: describeKey, Name: "describes its tools", Tool: "tool_describe",
		Seen: behaviour.Observe(o, behaviour.Answered{Content: string(content), Fault: fault}, time.UnixMilli(host.StartClock).UTC())}
}

package daemon

import (
	"encoding/json"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// Answer is what the runtime made of a capsule.
type Answer struct {
	Loaded   bool              `json:"loaded"`
	Version  string            `json:"version,omitempty"`   // that the runtime installed
	WasmHash string            `json:"wasm_hash,omitempty"` // BLAKE3 of the module that it runs
	Tools    []Tool            `json:"tools,omitempty"`     // that the capsule described; nil: it was not asked, as no run loop is
	Findings []finding.Finding `json:"findings,omitempty"`  // why it is not loaded
	TookMS   int64             `json:"took_ms"`             // of the install

	Source string `json:"-"` // how the runtime names the capsule to others; "" where it did not say
}

// Tool is one that the capsule offers.
type Tool struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`

	InputSchema json.RawMessage `json:"input_schema,omitempty"`
}

// reasons are the parts of the runtime's sentences that are known, and what to do about them.
// The first that fits counts.
var reasons = []struct{ part, remedy string }{
	{"exited before signaling ready", "call signal-ready as soon as run has subscribed, and do not return from run"},
	{"not signal ready", "call signal-ready as soon as run has subscribed"},
	{"failed to parse WebAssembly module", "build a component: with wit-bindgen or an SDK, so that the module carries its world"},
	{"Failed to compile WASM component", "build a component, and turn off the proposals that the runtime refuses: smoke names them"},
	{"Failed to pre-instantiate", "import only what this release of the runtime offers: smoke names what is missing"},
	{"Failed to instantiate", "let it begin with less memory and smaller tables, and let its start function end well: smoke tells"},
	{"requires astrid-version", "write an astrid-version that this release satisfies"},
	{"[[uplinks]] allowlist", "an operator has to list the uplink in the runtime's configuration; a private runtime lists none"},
	{"Failed to parse manifest", "mend the manifest: astrid-dev check names the line"},
	{"is missing from its archive", "name the component's file without ./ in front"},
}

const anyRemedy = "the message is the runtime's own; astrid-dev smoke says what it sees in the module"

// refusal is the finding about what the runtime said.
func refusal(said string) finding.Finding {
	f := finding.Finding{Code: finding.IsolatedRefused, Message: "the runtime refuses it: " + shortened(said), Hint: anyRemedy}
	for _, r := range reasons {
		if strings.Contains(said, r.part) {
			f.Hint = r.remedy
			break
		}
	}
	return f
}

// shortened is what the runtime said, less what it says of every failure.
func shortened(said string) string {
	for _, head := range []string{"daemon rejected capsule install: ", "capsule installed on disk but live activation failed: ", "install failed: "} {
		said = strings.TrimPrefix(said, head)
	}
	return strings.Join(strings.Fields(said), " ")
}

func refusedAnswer(f finding.Finding) *Answer { return &Answer{Findings: []finding.Finding{f}} }

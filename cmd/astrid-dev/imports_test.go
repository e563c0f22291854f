package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// imports is the house: which room may import which. Everything points one way.
// cmd/astrid-dev may import every room but builder/proc.
var imports = map[string][]string{
	"orchestrator":            {"orchestrator/event", "orchestrator/order", "watcher", "watcher/tree", "builder", "builder/finding"},
	"orchestrator/console":    {"orchestrator/paths", "builder/text", "builder/finding", "orchestrator/event", "orchestrator/hub"},
	"orchestrator/stream":     {"orchestrator/hub"},
	"orchestrator/hook":       {"builder/text", "builder/proc", "builder/finding", "orchestrator/event", "orchestrator/hub"},
	"orchestrator/doctor":     {"builder/finding", "builder/toolchain", "orchestrator/paths", "watcher", "watcher/fsys"},
	"orchestrator/mend":       {"watcher/tree", "builder/capsule", "builder/check", "builder/finding", "orchestrator/verify"},
	"orchestrator/progress":   {"builder/text", "orchestrator/report", "orchestrator/verify"},
	"orchestrator/paths":      {"builder/capsule", "builder/text", "builder/finding", "builder/usage", "watcher/tree"},
	"orchestrator/session":    {"builder", "builder/finding", "builder/usage", "orchestrator", "orchestrator/console", "orchestrator/event", "orchestrator/hook", "orchestrator/hub", "orchestrator/paths", "orchestrator/stream", "watcher", "watcher/fsys", "watcher/tree"},
	"orchestrator/hub":        {"orchestrator/event"},
	"orchestrator/event":      {"builder/finding"},
	"orchestrator/verify":     {"builder/store", "builder/astrid", "orchestrator/order", "orchestrator/report", "builder/wasm/reader", "builder", "watcher/fsys", "builder/check", "builder/capsule", "builder/smoke", "builder/finding", "watcher/tree"},
	"orchestrator/order":      {},
	"orchestrator/report":     {"watcher/fsys", "watcher/tree", "builder/text", "builder/finding"},
	"watcher":                 {"watcher/fsys", "watcher/tree", "builder/finding"},
	"watcher/fsys":            {},
	"watcher/tree":            {"watcher/fsys"},
	"builder":                 {"builder/store", "builder/capsule", "builder/toolchain", "builder/proc", "builder/smoke", "builder/astrid", "builder/wasm/reader", "builder/finding", "watcher/fsys", "watcher/tree"},
	"builder/capsule":         {"builder/capsule/tomldoc", "watcher/tree", "builder/astrid", "builder/finding", "watcher/fsys"},
	"builder/capsule/tomldoc": {"builder/finding", "watcher/fsys"},
	"builder/check":           {"builder/capsule/tomldoc", "builder/toolchain/cargo", "builder/wasm/reader", "watcher/tree", "builder/astrid", "builder/capsule", "builder/finding", "watcher/fsys"},
	"builder/toolchain":       {"builder/toolchain/cargo", "watcher/tree", "builder/text", "builder/capsule", "builder/proc", "builder/finding", "watcher/fsys"},
	"builder/toolchain/cargo": {"builder/capsule/tomldoc", "watcher/fsys"},
	"builder/store":           {"builder/finding", "builder/wasm/reader", "watcher/fsys", "watcher/tree"},
	"builder/scaffold":        {"examples"},
	"builder/smoke":           {"builder/text", "watcher/fsys", "builder/astrid", "builder/wasm/reader", "builder/proc", "builder/finding"},
	"builder/wasm/reader":     {"watcher/fsys"},
	"builder/astrid":          {},
	"builder/proc":            {"builder/text"},
	"builder/finding":         {},
	"builder/usage":           {},
	"builder/text":            {},
	"examples":                {},
}

// forTests are the rooms that tests alone may import, and what they import themselves.
var forTests = map[string][]string{
	"orchestrator/event/flat":        {"orchestrator/event", "builder/finding"},
	"internal/gotest":                {},
	"internal/testkit":               {},
	"cmd/astrid-dev/internal/script": {"internal/testkit", "orchestrator/event/flat"},
}

const module = "github.com/astrid-runtime/astrid-dev/"

func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		room := strings.TrimPrefix(words[0], module)
		allowed, known := imports[room]
		if !known {
			allowed, known = forTests[room]
		}
		if room == "cmd/astrid-dev" {
			known = true
			for other := range imports {
				if other != "builder/proc" {
					allowed = append(allowed, other)
				}
			}
		}
		if !known {
			t.Errorf("%s is no room of the house; add it to DESIGN.md and to this test", room)
		}
		for _, path := range words[1:] {
			if other, ours := strings.CutPrefix(path, module); ours && !slices.Contains(allowed, other) {
				t.Errorf("%s may not import %s", room, other)
			}
		}
	}
}

package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// house is which room may import which, a room a line. Everything points one way.
// cmd/astrid-dev may import every room but builder/proc.
var house = []string{
	"orchestrator: builder builder/finding orchestrator/event orchestrator/order orchestrator/pool watcher watcher/tree",
	"orchestrator/answer: builder/usage",
	"orchestrator/ask: orchestrator orchestrator/event orchestrator/hub watcher/fsys",
	"orchestrator/attest: builder/seal builder/shared orchestrator/report orchestrator/verify/workspace watcher/fsys",
	"orchestrator/calls: builder builder/capsule builder/daemon builder/finding builder/guest builder/host builder/store builder/tests builder/text builder/tools builder/usage builder/wasm/engine orchestrator/paths orchestrator/trial watcher/fsys",
	"orchestrator/console: builder/finding builder/text orchestrator/event orchestrator/hub orchestrator/paths",
	"orchestrator/doctor: builder builder/finding builder/text builder/toolchain orchestrator/console orchestrator/paths orchestrator/verify/workspace watcher watcher/fsys watcher/tree",
	"orchestrator/event: builder/finding",
	"orchestrator/hook: builder/finding builder/proc builder/text orchestrator/event orchestrator/hub",
	"orchestrator/hub: orchestrator/event",
	"orchestrator/live: builder/capsule builder/daemon builder/finding builder/pack builder/text builder/toolchain orchestrator/event orchestrator/hub watcher/fsys",
	"orchestrator/load: builder builder/capsule builder/smoke builder/usage orchestrator/paths",
	"orchestrator/mcp: orchestrator/ask orchestrator/calls orchestrator/console orchestrator/event",
	"orchestrator/mend: builder/check builder/finding builder/text orchestrator/console orchestrator/paths orchestrator/verify watcher/tree",
	"orchestrator/notify: builder/finding builder/proc builder/text orchestrator/event orchestrator/hub",
	"orchestrator/order:",
	"orchestrator/parcel: builder/capsule builder/pack builder/text builder/toolchain orchestrator/paths watcher/fsys",
	"orchestrator/paths: builder/capsule builder/finding builder/text builder/usage watcher/fsys watcher/tree",
	"orchestrator/pool:",
	"orchestrator/progress: builder/text orchestrator/report orchestrator/verify",
	"orchestrator/proof: builder builder/capsule builder/finding builder/inspect builder/tests builder/text builder/usage orchestrator/calls orchestrator/console orchestrator/paths",
	"orchestrator/report: builder/finding builder/text builder/usage watcher/fsys watcher/tree",
	"orchestrator/serve: builder/capsule builder/tools builder/usage orchestrator/calls orchestrator/event orchestrator/hub",
	"orchestrator/session: builder builder/capsule builder/finding builder/shared builder/slots builder/usage orchestrator orchestrator/ask orchestrator/calls orchestrator/console orchestrator/event orchestrator/hook orchestrator/hub orchestrator/live orchestrator/load orchestrator/notify orchestrator/paths orchestrator/serve orchestrator/stream orchestrator/timings watcher watcher/fsys watcher/tree",
	"orchestrator/stream: orchestrator/hub",
	"orchestrator/terminal:",
	"orchestrator/timings: orchestrator/event orchestrator/hub",
	"orchestrator/trial: builder/capsule builder/daemon builder/finding builder/pack builder/text builder/toolchain builder/usage orchestrator/console",
	"orchestrator/verify: builder builder/astrid builder/capsule builder/check builder/contract builder/finding builder/shared builder/slots builder/tests builder/text builder/usage builder/wasm/reader builder/wasm/source orchestrator/order orchestrator/pool orchestrator/report orchestrator/verify/workspace watcher/fsys watcher/tree",
	"orchestrator/verify/workspace: builder/usage watcher/fsys watcher/tree",
	"builder: builder/astrid builder/behaviour builder/capsule builder/compile builder/contract builder/daemon builder/finding builder/guest builder/inputs builder/inspect builder/proc builder/shared builder/slots builder/smoke builder/store builder/tests builder/toolchain builder/wasm/engine builder/wasm/reader builder/wasm/slim watcher/fsys watcher/tree",
	"builder/answers: watcher/fsys",
	"builder/astrid: builder/answers",
	"builder/behaviour: builder/guest builder/host builder/text",
	"builder/capsule: builder/astrid builder/capsule/tomldoc builder/finding watcher/tree",
	"builder/capsule/tomldoc: builder/finding watcher/fsys",
	"builder/check: builder/astrid builder/capsule builder/capsule/tomldoc builder/finding builder/toolchain/cargo builder/wasm/reader watcher/fsys watcher/tree",
	"builder/compile: builder/astrid builder/capsule builder/finding builder/proc builder/shared builder/smoke builder/toolchain builder/wasm/reader builder/wasm/source watcher/fsys watcher/tree",
	"builder/contract: builder/capsule watcher/fsys",
	"builder/daemon: builder/capsule builder/finding builder/pack builder/proc builder/usage watcher/fsys watcher/tree",
	"builder/early: builder/proc builder/smoke",
	"builder/finding:",
	"builder/guest: builder/astrid builder/host builder/proc builder/wasm/abi builder/wasm/engine builder/wasm/reader builder/wasm/slim",
	"builder/host: builder/wasm/abi",
	"builder/inputs: builder/capsule builder/finding builder/text builder/toolchain builder/wasm/reader watcher/fsys watcher/tree",
	"builder/inspect: builder/behaviour builder/capsule builder/finding builder/guest builder/host builder/tests builder/tools builder/wasm/engine watcher/tree",
	"builder/pack: builder/capsule builder/capsule/tomldoc builder/finding watcher/fsys watcher/tree",
	"builder/proc: builder/text",
	"builder/scaffold: builder/text builder/usage examples",
	"builder/sbom: builder/proc builder/toolchain/cargo builder/wasm/reader watcher/fsys",
	"builder/seal: watcher/fsys",
	"builder/shared: builder/finding builder/seal watcher/fsys",
	"builder/shared/dir: builder/shared watcher/fsys",
	"builder/shared/remote: builder/shared watcher/fsys",
	"builder/slots: watcher/fsys",
	"builder/smoke: builder/astrid builder/finding builder/proc builder/text builder/wasm/engine builder/wasm/reader builder/wasm/slim",
	"builder/store: builder/finding builder/wasm/reader builder/wasm/source watcher/fsys watcher/tree",
	"builder/tests: builder/behaviour builder/capsule builder/capsule/tomldoc builder/finding builder/guest builder/host builder/tools watcher/fsys",
	"builder/text:",
	"builder/toolchain: builder/answers builder/capsule builder/finding builder/proc builder/text builder/toolchain/cargo watcher/fsys watcher/tree",
	"builder/toolchain/cargo: builder/capsule/tomldoc watcher/fsys",
	"builder/tools: builder/capsule builder/guest builder/host",
	"builder/usage:",
	"builder/wasm/abi:",
	"builder/wasm/engine: builder/wasm/abi builder/wasm/reader builder/wasm/source watcher/fsys",
	"builder/wasm/reader: watcher/fsys",
	"builder/wasm/slim: builder/wasm/engine builder/wasm/reader builder/wasm/source watcher/fsys",
	"builder/wasm/source:",
	"watcher: builder/finding watcher/fsys watcher/tree",
	"watcher/fsys:",
	"watcher/tree: watcher/fsys",
	"examples:",
}

// forTests are the rooms that tests alone may import.
var forTests = []string{
	"orchestrator/event/flat: builder/finding orchestrator/event",
	"internal/gotest:",
	"internal/record:",
	"internal/testkit:",
	"builder/shared/remote/servers: internal/testkit",
	"cmd/astrid-dev/internal/script: internal/testkit orchestrator/event/flat",
}

const module = "github.com/astrid-runtime/astrid-dev/"

// rooms is house by room.
func rooms() map[string][]string {
	all := map[string][]string{}
	for _, line := range house {
		room, uses, _ := strings.Cut(line, ":")
		all[room] = strings.Fields(uses)
	}
	var everything []string
	for room := range all {
		if room != "builder/proc" {
			everything = append(everything, room)
		}
	}
	slices.Sort(everything)
	all["cmd/astrid-dev"] = everything
	for _, line := range forTests {
		room, uses, _ := strings.Cut(line, ":")
		all[room] = strings.Fields(uses)
	}
	return all
}

func TestImportsPointOneWay(t *testing.T) {
	all, real := rooms(), imported(t)
	for room, uses := range real {
		if _, known := all[room]; !known {
			t.Errorf("%s is no room of the house; add it to this test, and run go test ./cmd/astrid-dev -run House -update", room)
		}
		for _, other := range uses {
			if !slices.Contains(all[room], other) {
				t.Errorf("%s may not import %s", room, other)
			}
		}
	}
	for _, line := range house {
		room, _, _ := strings.Cut(line, ":")
		for _, other := range all[room] {
			if !slices.Contains(real[room], other) {
				t.Errorf("%s does not import %s any more; take it out of this test", room, other)
			}
		}
	}
}

// imported is what every room really imports of ours.
func imported(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		room := strings.TrimPrefix(words[0], module)
		all[room] = nil
		for _, path := range words[1:] {
			if other, ours := strings.CutPrefix(path, module); ours {
				all[room] = append(all[room], other)
			}
		}
	}
	return all
}

package console

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // screens show the time of day
	goleak.VerifyTestMain(m)
}

// golden compares got with testdata/name; UPDATE=1 in the environment writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

const (
	someHash  = "1f3a9c02d4e5b6a798877665544332211000ffeeddccbbaa9988776655443322"
	otherHash = "aa3a9c02d4e5b6a798877665544332211000ffeeddccbbaa9988776655443322"
)

// events is one of every kind, and the shapes that some of them take.
func events() []event.Event {
	about := func(name string, body event.Body) event.Event {
		dir := "/home/ada/caps/" + name
		if name == "" {
			dir += "broken"
		}
		return event.Event{Capsule: name, Dir: dir, Body: body}
	}
	list := []event.Event{
		{Body: event.Ready{Capsules: 3}},
		{Body: event.Ready{Capsules: 1}},
		about("hello-go", event.CapsuleAdded{}),
		about("hello-go", event.CapsuleRemoved{}),
		about("hello-go", event.Change{SourceHash: someHash, PreviousHash: otherHash}),
		about("hello-go", event.Unchanged{SourceHash: someHash, Artifact: event.Artifact{Path: "/home/ada/caps/hello-go/dist/hello.wasm", Hash: otherHash, Size: 2_996_000, Type: "core"}}),
		about("notes", event.Unchanged{}),
		about("hello-go", event.BuildStarted{SourceHash: someHash, Reason: "changed"}),
		about("hello-go", event.BuildSuperseded{SourceHash: someHash}),
		about("hello-go", event.BuildFailed{SourceHash: someHash, Step: "build", ExitCode: 1, LatencyMS: 700, Tail: "not shown",
			Diagnostics: []finding.Finding{
				{Severity: finding.Warning, File: "main.go", Line: 3, Message: "unused import"},
				{File: "main.go", Line: 12, Column: 5, Message: "undefined: greet"},
				{File: "/home/ada/shared/lib.go", Line: 1, Message: "expected 'package'\nfound \x1b[31mred", Hint: "write package lib"},
			}}),
		about("odd", event.BuildFailed{Step: "build", ExitCode: -1, Tail: "one\n\x1b[31mtwo\x1b[0m\ncollect2: error\r\n"}),
		about("", event.BuildFailed{Step: "manifest",
			Diagnostics: []finding.Finding{{Code: "manifest-unknown-key", File: "Capsule.toml", Line: 7, Column: 1, Message: `unknown key "profil"`, Hint: `profile = "release"`}}}),
		about("zig", event.BuildFailed{Step: "toolchain",
			Diagnostics: []finding.Finding{{Code: "tool-missing", Message: "zig is not installed", Hint: "apt install zig"}}}),
		about("rust", event.BuildFailed{Step: "collect"}),
		about("hello-go", event.SmokeFailed{SourceHash: someHash,
			Findings: []finding.Finding{{Code: "smoke-trap", Message: "_initialize trapped: unreachable", Hint: "run astrid-dev smoke"}}}),
		about("hello-go", event.Reload{SourceHash: someHash, PreviousHash: otherHash, Generation: 3, Reason: "changed", BuildMS: 610, SmokeMS: 210, LatencyMS: 840,
			Artifact: event.Artifact{Path: "/home/ada/caps/hello-go/dist/hello.wasm", Blob: "/home/ada/caps/hello-go/target/astrid-dev/blobs/aa3a.wasm", Hash: otherHash, Size: 2_996_000, Type: "core",
				Components: []event.Component{{ID: "main", Path: "/home/ada/caps/hello-go/dist/hello.wasm", Blob: "/b", Hash: otherHash, Size: 2_996_000, Type: "core"}}}}),
		about("two", event.Reload{Generation: 1, BuildMS: 1200, SmokeMS: 9,
			Artifact: event.Artifact{Path: "/home/ada/caps/two/a.wasm", Size: 30_000, Type: "component",
				Components: []event.Component{{ID: "a", Size: 30_000, Type: "component"}, {ID: "b", Size: 512, Type: "core"}}},
			Findings: []finding.Finding{{Severity: finding.Warning, Code: "wrapper-missing", Message: "it stays a core module", Hint: "cargo install wasm-tools"}},
			Delta:    []byte(`{"size":-12}`)}),
		about("hello-go", event.Warning{Code: "hook-failed", Message: "the command after reload #3 failed: it ended with exit code 1", Hint: "look at it"}),
		{Body: event.Warning{Code: "watch-limit", Message: "the limit of watches is reached; 12 folders are polled", Hint: "sysctl fs.inotify.max_user_watches=524288"}},
		about("gen", event.Held{Message: "its sources changed during three builds in a row", Hint: `ignore = ["gen/"]`,
			Files: []string{"gen/a.go", "gen/b.go", "gen/c.go", "gen/d.go", "gen/e.go", "gen/f.go", "gen/\x1b[2J.go"}}),
		about("hello-go", event.HookEnded{After: "reload", Generation: 3, HookMS: 310}),
		about("hello-go", event.HookEnded{After: "reload", Generation: 3, ExitCode: 1, Reason: "it ended with exit code 1"}),
		about("hello-go", event.Live{SourceHash: someHash, Generation: 3, Runtime: "isolated", LiveMS: 310, LatencyMS: 1150,
			Tools: []event.Tool{{Name: "greet", Description: "Greets."}, {Name: "count\x1b[2J"}}}),
		about("hello-go", event.Live{Generation: 2, Runtime: "live", PutBack: true, Reason: "the last good one was put back", LiveMS: 1310}),
		about("many", event.Live{Reason: "it was up to date", LiveMS: 9, Tools: []event.Tool{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}, {Name: "e"}, {Name: "f"}}}),
		about("hello-go", event.LiveFailed{Reason: "the runtime refuses it: no component", Hint: "build a component", Findings: []finding.Finding{{Code: "isolated-refused", Message: "the runtime refuses it: no component"}}}),
		about("hello-go", event.LiveFailed{Reason: "[env] asks for KEY", Hint: "give it", Findings: []finding.Finding{
			{Code: "isolated-value", File: "Capsule.toml", Line: 9, Message: "[env] asks for KEY", Hint: "give it"}, {Code: "isolated-value", File: "Capsule.toml", Line: 12, Message: "[env] asks for OTHER"}}}),
		{Body: event.Idle{Capsules: 3}},
		{Body: event.Idle{Capsules: 3, Failed: 2}},
		{Body: event.Idle{Capsules: 1, Failed: 1}},
	}
	return list
}

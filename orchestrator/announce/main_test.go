package announce

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
)

func TestMain(m *testing.M) {
	if code, handled := proc.Main(os.Args[1:]); handled {
		os.Exit(code)
	}
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

// events is one of every type, and the shapes that some of them take.
func events() []Event {
	list := []Event{
		{Type: Ready, Capsules: 3},
		{Type: Ready, Capsules: 1},
		{Type: CapsuleAdded, Capsule: "hello-go"},
		{Type: CapsuleRemoved, Capsule: "hello-go"},
		{Type: Change, Capsule: "hello-go", SourceHash: someHash, PreviousHash: otherHash},
		{Type: Unchanged, Capsule: "hello-go", SourceHash: someHash, Artifact: "/home/ada/caps/hello-go/dist/hello.wasm", ArtifactHash: otherHash, Size: 2_996_000, Kind: "core"},
		{Type: Unchanged, Capsule: "notes"},
		{Type: BuildStarted, Capsule: "hello-go", SourceHash: someHash, Reason: "changed"},
		{Type: BuildSuperseded, Capsule: "hello-go", SourceHash: someHash},
		{Type: BuildFailed, Capsule: "hello-go", SourceHash: someHash, Step: "build", ExitCode: 1, LatencyMS: 700, Tail: "not shown",
			Diagnostics: []finding.Finding{
				{Severity: finding.Warning, File: "main.go", Line: 3, Message: "unused import"},
				{File: "main.go", Line: 12, Column: 5, Message: "undefined: greet"},
				{File: "/home/ada/shared/lib.go", Line: 1, Message: "expected 'package'\nfound \x1b[31mred", Hint: "write package lib"},
			}},
		{Type: BuildFailed, Capsule: "odd", Step: "build", ExitCode: -1, Tail: "one\n\x1b[31mtwo\x1b[0m\ncollect2: error\r\n"},
		{Type: BuildFailed, Capsule: "", Step: "manifest",
			Diagnostics: []finding.Finding{{Code: "manifest-unknown-key", File: "Capsule.toml", Line: 7, Column: 1, Message: `unknown key "profil"`, Hint: `profile = "release"`}}},
		{Type: BuildFailed, Capsule: "zig", Step: "toolchain",
			Diagnostics: []finding.Finding{{Code: "tool-missing", Message: "zig is not installed", Hint: "apt install zig"}}},
		{Type: BuildFailed, Capsule: "rust", Step: "collect"},
		{Type: SmokeFailed, Capsule: "hello-go", SourceHash: someHash,
			Findings: []finding.Finding{{Code: "smoke-trap", Message: "_initialize trapped: unreachable", Hint: "run astrid-dev smoke"}}},
		{Type: Reload, Capsule: "hello-go", SourceHash: someHash, PreviousHash: otherHash, Generation: 3, Reason: "changed",
			Artifact: "/home/ada/caps/hello-go/dist/hello.wasm", Blob: "/home/ada/caps/hello-go/target/astrid-dev/blobs/aa3a.wasm",
			ArtifactHash: otherHash, Size: 2_996_000, Kind: "core", BuildMS: 610, SmokeMS: 210, LatencyMS: 840,
			Components: []Component{{ID: "main", Artifact: "/home/ada/caps/hello-go/dist/hello.wasm", Blob: "/b", ArtifactHash: otherHash, Size: 2_996_000, Kind: "core"}}},
		{Type: Reload, Capsule: "two", Generation: 1, Artifact: "/home/ada/caps/two/a.wasm", Size: 30_000, Kind: "component", BuildMS: 1200, SmokeMS: 9,
			Components: []Component{{ID: "a", Size: 30_000, Kind: "component"}, {ID: "b", Size: 512, Kind: "core"}},
			Findings:   []finding.Finding{{Severity: finding.Warning, Code: "wrapper-missing", Message: "it stays a core module", Hint: "cargo install wasm-tools"}},
			Delta:      []byte(`{"size":-12}`)},
		{Type: Warning, Capsule: "hello-go", Code: "hook-failed", Message: "the command after reload #3 failed: it ended with exit code 1", Hint: "look at it"},
		{Type: Warning, Code: "watch-limit", Message: "the limit of watches is reached; 12 folders are polled", Hint: "sysctl fs.inotify.max_user_watches=524288"},
		{Type: Held, Capsule: "gen", Message: "its sources changed during three builds in a row", Hint: `ignore = ["gen/"]`,
			Files: []string{"gen/a.go", "gen/b.go", "gen/c.go", "gen/d.go", "gen/e.go", "gen/f.go", "gen/\x1b[2J.go"}},
		{Type: Idle, Capsules: 3},
		{Type: Idle, Capsules: 3, Failed: 2},
		{Type: Idle, Capsules: 1, Failed: 1},
	}
	for i := range list {
		list[i].V, list[i].Seq = Version, uint64(i+1)
		list[i].Time = time.Date(2026, 1, 2, 3, 4, 5, 600_000_000+i, time.UTC)
		if list[i].Type != Ready && list[i].Type != Idle && list[i].Code != "watch-limit" {
			name := list[i].Capsule
			if name == "" {
				name = "broken"
			}
			list[i].Dir = "/home/ada/caps/" + name
		}
	}
	return list
}

// TestEventsCoverEveryType keeps the golden files complete.
func TestEventsCoverEveryType(t *testing.T) {
	source, err := os.ReadFile("event.go")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, e := range events() {
		have[string(e.Type)] = true
	}
	types := 0
	for line := range strings.Lines(string(source)) {
		var name, value string
		if n, _ := fmt.Sscanf(strings.TrimSpace(line), "%s Type = %q", &name, &value); n != 2 {
			continue
		}
		if types++; !have[value] {
			t.Errorf("no event of type %s is tested", value)
		}
	}
	if types < 13 || types != len(have) {
		t.Errorf("%d types in event.go, %d tested", types, len(have))
	}
}

// TestEventsCoverEveryField freezes the wire format: a field of which the golden
// file has no value could be renamed, and no test would tell.
func TestEventsCoverEveryField(t *testing.T) {
	wire, err := os.ReadFile(filepath.Join("testdata", "events.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Event](), reflect.TypeFor[Component](), reflect.TypeFor[finding.Finding]()} {
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if name != "-" && !strings.Contains(string(wire), `"`+name+`":`) {
				t.Errorf("no event in events.ndjson has %s.%s (%q)", typ.Name(), typ.Field(i).Name, name)
			}
		}
	}
}

package event

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// wire is one event of every kind with every field that this kind can have, and
// after it the same kind with nothing to say.
func wire() []Event {
	found := []finding.Finding{{Code: "some-code", Severity: finding.Warning, File: "src/a.go", Line: 3, Column: 5, Message: "<one> & \xff two\nthree", Hint: "mend it"}}
	published := NewArtifact([]Component{
		{ID: "main", Path: "/caps/a/dist/a.wasm", Blob: "/caps/a/target/astrid-dev/blobs/aa.wasm", Hash: otherHash, Size: 30_000, Type: "component"},
		{ID: "second"},
	})
	published.Quality = Release
	tested := &Tests{Passed: 4, Failed: []FailedTest{{"greets", "tests/greet.toml", 7, "the result is \"b\", want \"a\"", "-a\n+b\n", "mend it"}, {File: "tests/b.toml", Message: "it cannot be read"}}, MS: 21}
	basis := Basis{Key: otherHash, Attempt: 4, Changed: []string{"src/a.go", "/shared/b.txt"}, ChangedCount: 31}
	kinds := []struct{ full, empty Body }{
		{Ready{Capsules: 3, Queued: 2, Watched: []Subject{{"a", "/caps/a"}}}, Ready{}},
		{CapsuleAdded{SourceHash: someHash}, CapsuleAdded{}},
		{CapsuleRemoved{}, CapsuleRemoved{}},
		{Change{SourceHash: someHash, PreviousHash: otherHash, Reason: "changed", Basis: basis}, Change{}},
		{Unchanged{SourceHash: someHash, Reason: "put back", Basis: basis, State: Failed, Rebuilt: true, Findings: found, Generation: 3, Artifact: published, Tests: tested,
			Files: []string{"dist/a.wasm"}, BuildMS: 610, SmokeMS: 210, LatencyMS: 840}, Unchanged{}},
		{BuildStarted{SourceHash: someHash, Reason: "changed", Quality: Debug, Basis: basis, Queued: 3}, BuildStarted{}},
		{BuildSuperseded{SourceHash: someHash, Quality: Release, Basis: basis}, BuildSuperseded{}},
		{BuildFailed{SourceHash: someHash, Reason: "it stands", Quality: Release, Basis: basis, Step: "build", ExitCode: 2, Diagnostics: found, Tail: "last\nwords\n", LatencyMS: 700, Hint: "try again"}, BuildFailed{}},
		{SmokeFailed{SourceHash: someHash, Reason: "it stands", Quality: Debug, Basis: basis, Findings: found, Tail: "last words", LatencyMS: 700, Hint: "try again"}, SmokeFailed{}},
		{Reload{SourceHash: someHash, PreviousHash: otherHash, Reason: "changed", Basis: basis, Findings: found, Generation: 3, Artifact: published, Tests: tested, BuildMS: 610, SmokeMS: 210, LatencyMS: 840,
			Delta: json.RawMessage(`{"size":-12,"imports":{"added":["x<y"]}}`), Files: []string{"gen/a.go"}}, Reload{}},
		{Warning{Code: finding.HookFailed, Message: "it failed", Hint: "look", Files: []string{"a", "b"}}, Warning{}},
		{Held{SourceHash: someHash, Basis: basis, Message: "again and again", Hint: "ignore = []", Files: []string{"a", "b"}}, Held{}},
		{Live{SourceHash: someHash, Quality: Debug, Key: otherHash, Generation: 3, Hash: otherHash, Runtime: "live", Reason: "the runtime is back", PutBack: true, Tools: []Tool{{"greet", "Greets."}, {Name: "b"}}, LiveMS: 410, LatencyMS: 1250}, Live{}},
		{LiveFailed{SourceHash: someHash, Key: otherHash, Generation: 3, Hash: otherHash, Runtime: "isolated", Reason: "it was refused", Hint: "mend it", Findings: found, LatencyMS: 1250}, LiveFailed{}},
		{Idle{Capsules: 3, Failed: 2, Failing: []Subject{{"a", "/caps/a"}, {Dir: "/caps/b"}}}, Idle{}},
		{Snapshot{Ready: true, Idle: true, Standing: []Standing{{Subject{"a", "/caps/a"}, Good, true, someHash, otherHash, 3, 19, time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC), published, tested,
			&Living{true, otherHash, otherHash, "live", "the runtime is back", time.Date(2026, 1, 2, 3, 4, 1, 0, time.UTC)}}, {Subject: Subject{Dir: "/caps/b"}, State: Failed}}, Page: "http://127.0.0.1:4321/#token=abc"}, Snapshot{}},
		{Serving{URL: "http://127.0.0.1:4321/#token=abc"}, Serving{}},
		{HookEnded{After: "reload", SourceHash: someHash, Generation: 3, ExitCode: 4, Reason: "it ended with exit code 4", HookMS: 310}, HookEnded{}},
	}
	var list []Event
	for _, kind := range kinds {
		full := Event{Body: kind.full}
		switch kind.full.(type) {
		case Ready, Idle, Snapshot, Serving:
		default:
			full.Capsule, full.Dir = "a", "/caps/a"
		}
		list = append(list, full, Event{Body: kind.empty})
	}
	for i := range list {
		list[i].Seq, list[i].Time = uint64(i+1), time.Date(2026, 1, 2, 3, 4, 5, i, time.FixedZone("", 3600))
	}
	return list
}

const (
	someHash  = "1f3a9c02d4e5b6a798877665544332211000ffeeddccbbaa9988776655443322"
	otherHash = "aa3a9c02d4e5b6a798877665544332211000ffeeddccbbaa9988776655443322"
)

// Wire format 1 is a promise to programs: no byte of it changes.
func TestWireFormat(t *testing.T) {
	var got bytes.Buffer
	lines := json.NewEncoder(&got)
	for _, e := range wire() {
		if err := lines.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("testdata/wire.ndjson", got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/wire.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}

// The golden file holds every kind with every field: neither is forgotten when one is added.
func TestWireFormatIsWhole(t *testing.T) {
	var source []byte
	for _, file := range []string{"body.go", "live.go", "snapshot.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, text...)
	}
	seen := map[Kind]bool{}
	for _, e := range wire() {
		kind := reflect.ValueOf(e.Body)
		if first := !seen[e.Body.Kind()]; first {
			seen[e.Body.Kind()] = true
			for i := range kind.NumField() {
				if kind.Field(i).IsZero() {
					t.Errorf("the full %s has no %s", e.Body.Kind(), kind.Type().Field(i).Name)
				}
			}
		}
	}
	if n := strings.Count(string(source), ") Kind() Kind "); n != len(seen) {
		t.Errorf("%d kinds in the source, %d in the golden file", n, len(seen))
	}
}

package announce

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// wire is one event of every kind with every field that this kind can have, and
// after it the same kind with nothing to say.
func wire() []Event {
	found := []finding.Finding{{Code: "some-code", Severity: finding.Warning, File: "src/a.go", Line: 3, Column: 5, Message: "<one> & \xff two\nthree", Hint: "mend it"}}
	module := Component{ID: "main", Artifact: "/caps/a/dist/a.wasm", Blob: "/caps/a/target/astrid-dev/blobs/aa.wasm", ArtifactHash: otherHash, Size: 30_000, Kind: "component"}
	published := Event{Artifact: module.Artifact, Blob: module.Blob, ArtifactHash: module.ArtifactHash, Size: module.Size, Kind: module.Kind, Components: []Component{module, {ID: "second"}}}
	unchanged, reload := published, published
	unchanged.Type, unchanged.SourceHash, unchanged.Reason, unchanged.Files = Unchanged, someHash, "put back", []string{"dist/a.wasm"}
	reload.Type, reload.SourceHash, reload.PreviousHash, reload.Reason, reload.Generation = Reload, someHash, otherHash, "changed", 3
	reload.Findings, reload.BuildMS, reload.SmokeMS, reload.LatencyMS = found, 610, 210, 840
	reload.Delta, reload.Files = json.RawMessage(`{"size":-12,"imports":{"added":["x<y"]}}`), []string{"gen/a.go"}
	full := []Event{
		{Type: Ready, Capsules: 3},
		{Type: CapsuleAdded, SourceHash: someHash},
		{Type: CapsuleRemoved},
		{Type: Change, SourceHash: someHash, PreviousHash: otherHash},
		unchanged,
		{Type: BuildStarted, SourceHash: someHash, Reason: "changed"},
		{Type: BuildSuperseded, SourceHash: someHash},
		{Type: BuildFailed, SourceHash: someHash, Reason: "it stands", Step: "build", ExitCode: 2, Diagnostics: found, Tail: "last\nwords\n", LatencyMS: 700, Hint: "try again"},
		{Type: SmokeFailed, SourceHash: someHash, Reason: "it stands", Findings: found, Tail: "last words", LatencyMS: 700, Hint: "try again"},
		reload,
		{Type: Warning, Code: finding.HookFailed, Message: "it failed", Hint: "look", Files: []string{"a", "b"}},
		{Type: Held, SourceHash: someHash, Message: "again and again", Hint: "ignore = []", Files: []string{"a", "b"}},
		{Type: Idle, Capsules: 3, Failed: 2},
	}
	var list []Event
	for _, e := range full {
		empty := Event{Type: e.Type}
		if e.Type != Ready && e.Type != Idle {
			e.Capsule, e.Dir = "a", "/caps/a"
		}
		list = append(list, e, empty)
	}
	for i := range list {
		list[i].V, list[i].Seq, list[i].Time = Version, uint64(i+1), time.Date(2026, 1, 2, 3, 4, 5, i, time.FixedZone("", 3600))
	}
	return list
}

// Wire format 1 is a promise to programs: no byte of it changes.
func TestWireFormat(t *testing.T) {
	var got strings.Builder
	n := NewNDJSON(&got, func(err error) { t.Error(err) })
	for _, e := range wire() {
		n.Announce(e)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	golden(t, "wire.ndjson", got.String())
}

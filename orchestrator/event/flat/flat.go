// Package flat is an event with the fields of all kinds side by side, for tests: they
// ask one event after the other whether it is a reload of some hash, or read the lines
// that the program wrote. It knows the wire format by itself, so that it notices when
// package event forgets it.
package flat

import (
	"encoding/json"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// Type is the kind of an event.
type Type string

// The kinds.
const (
	Ready           Type = "ready"
	CapsuleAdded    Type = "capsule_added"
	CapsuleRemoved  Type = "capsule_removed"
	Change          Type = "change"
	Unchanged       Type = "unchanged"
	BuildStarted    Type = "build_started"
	BuildSuperseded Type = "build_superseded"
	BuildFailed     Type = "build_failed"
	SmokeFailed     Type = "smoke_failed"
	Reload          Type = "reload"
	Warning         Type = "warning"
	Held            Type = "held"
	Idle            Type = "idle"
	Live            Type = "live"
	LiveFailed      Type = "live_failed"
	HookEnded       Type = "hook_ended"
	Snapshot        Type = "snapshot"
	Serving         Type = "serving"
)

// Event is one line of wire format 1, of whatever kind.
type Event struct {
	V            int               `json:"v"`
	Seq          uint64            `json:"seq"`
	Time         time.Time         `json:"time"`
	Type         Type              `json:"type"`
	Capsule      string            `json:"capsule,omitempty"`
	Dir          string            `json:"dir,omitempty"`
	SourceHash   string            `json:"source_hash,omitempty"`
	PreviousHash string            `json:"previous_hash,omitempty"`
	Reason       string            `json:"reason,omitempty"`
	Key          string            `json:"key,omitempty"`
	Attempt      int               `json:"attempt,omitempty"`
	Changed      []string          `json:"changed,omitempty"`
	ChangedCount int               `json:"changed_count,omitempty"`
	State        string            `json:"state,omitempty"`
	Rebuilt      bool              `json:"rebuilt,omitempty"`
	Quality      string            `json:"quality,omitempty"`
	Step         string            `json:"step,omitempty"`
	ExitCode     int               `json:"exit_code,omitempty"`
	Diagnostics  []finding.Finding `json:"diagnostics,omitempty"`
	Findings     []finding.Finding `json:"findings,omitempty"`
	Tail         string            `json:"tail,omitempty"`
	Generation   int               `json:"generation,omitempty"`
	Artifact     string            `json:"artifact,omitempty"`
	Blob         string            `json:"blob,omitempty"`
	ArtifactHash string            `json:"artifact_hash,omitempty"`
	Size         int64             `json:"size,omitempty"`
	Kind         string            `json:"kind,omitempty"`
	Components   []Component       `json:"components,omitempty"`
	BuildMS      int64             `json:"build_ms,omitempty"`
	SmokeMS      int64             `json:"smoke_ms,omitempty"`
	LatencyMS    int64             `json:"latency_ms,omitempty"`
	Delta        json.RawMessage   `json:"delta,omitempty"`
	Code         finding.Code      `json:"code,omitempty"`
	Message      string            `json:"message,omitempty"`
	Hint         string            `json:"hint,omitempty"`
	Files        []string          `json:"files,omitempty"`
	Capsules     int               `json:"capsules,omitempty"`
	Queued       int               `json:"queued,omitempty"`
	Failed       int               `json:"failed,omitempty"`
	Runtime      string            `json:"runtime,omitempty"`
	PutBack      bool              `json:"put_back,omitempty"`
	Tools        []event.Tool      `json:"tools,omitempty"`
	LiveMS       int64             `json:"live_ms,omitempty"`
	Failing      []event.Subject   `json:"failing,omitempty"`
	Ready        bool              `json:"ready,omitempty"`
	Idle         bool              `json:"idle,omitempty"`
	Standing     []event.Standing  `json:"standing,omitempty"`
	Page         string            `json:"page,omitempty"`
	URL          string            `json:"url,omitempty"`
	After        string            `json:"after,omitempty"`
	HookMS       int64             `json:"hook_ms,omitempty"`
	Tests        *event.Tests      `json:"tests,omitempty"`
}

// Component is one module of an event's artifact.
type Component struct {
	ID           string `json:"id"`
	Artifact     string `json:"artifact"`
	Blob         string `json:"blob"`
	ArtifactHash string `json:"artifact_hash"`
	Size         int64  `json:"size"`
	Kind         string `json:"kind"`
}

// Of is e as a program reads it.
func Of(e event.Event) Event {
	line, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	var f Event
	if err := json.Unmarshal(line, &f); err != nil {
		panic(err)
	}
	return f
}

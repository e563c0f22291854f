// Package announce tells the world what the orchestrator did: as lines for a
// person, as JSON for a program, as a command to run.
package announce

import (
	"encoding/json"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// Version is the wire format's number. A changed name or meaning needs a new one.
const Version = 1

// Type names an event. The strings are the wire format.
type Type string

const (
	Ready           Type = "ready"            // every watch is placed and every capsule hashed
	CapsuleAdded    Type = "capsule_added"    // a Capsule.toml appeared
	CapsuleRemoved  Type = "capsule_removed"  // a Capsule.toml or its folder is gone
	Change          Type = "change"           // the settled source hash differs
	Unchanged       Type = "unchanged"        // doubt or an edit ended in the published content
	BuildStarted    Type = "build_started"    //
	BuildSuperseded Type = "build_superseded" // a newer edit made the build worthless
	BuildFailed     Type = "build_failed"     //
	SmokeFailed     Type = "smoke_failed"     // it built, and does not load
	Reload          Type = "reload"           // the published module is new, whole and loads
	Warning         Type = "warning"          //
	Held            Type = "held"             // the build changes its own inputs again and again
	Idle            Type = "idle"             // nothing is pending or building
)

// Event is one announcement. Fields that do not belong to its Type are zero and left out.
// An Event is never changed once it was handed to an Announcer.
type Event struct {
	V       int       `json:"v"`
	Seq     uint64    `json:"seq"` // counts from 1 without gaps in one run
	Time    time.Time `json:"time"`
	Type    Type      `json:"type"`
	Capsule string    `json:"capsule,omitempty"` // the manifest's name
	Dir     string    `json:"dir,omitempty"`     // the capsule's folder, absolute; it identifies the capsule

	SourceHash   string `json:"source_hash,omitempty"`   // BLAKE3, 64 lower-case hex digits
	PreviousHash string `json:"previous_hash,omitempty"` // source hash of the reload before this one
	Reason       string `json:"reason,omitempty"`        // build_started: why; unchanged: that a module was put back; build_failed, smoke_failed: that the verdict of an earlier build stands

	Step        string            `json:"step,omitempty"`      // build_failed: manifest, toolchain, build, collect, wrap, stage
	ExitCode    int               `json:"exit_code,omitempty"` // build_failed: of the build command, -1 when a signal ended it
	Diagnostics []finding.Finding `json:"diagnostics,omitempty"`
	Findings    []finding.Finding `json:"findings,omitempty"` // smoke_failed, reload
	Tail        string            `json:"tail,omitempty"`     // last lines of the build's output

	Generation   int         `json:"generation,omitempty"` // counts this capsule's reloads in one run, from 1
	Artifact     string      `json:"artifact,omitempty"`   // the published path, absolute
	Blob         string      `json:"blob,omitempty"`       // an immutable copy by content hash; the last five are kept
	ArtifactHash string      `json:"artifact_hash,omitempty"`
	Size         int64       `json:"size,omitempty"` // bytes
	Kind         string      `json:"kind,omitempty"` // core or component
	Components   []Component `json:"components,omitempty"`
	BuildMS      int64       `json:"build_ms,omitempty"`
	SmokeMS      int64       `json:"smoke_ms,omitempty"`
	LatencyMS    int64       `json:"latency_ms,omitempty"` // from the last edit to this announcement

	// Delta says what changed against the last good artifact; builder/smoke writes it.
	Delta json.RawMessage `json:"delta,omitempty"`

	Code    finding.Code `json:"code,omitempty"` // warning: stable, lower case with dashes
	Message string       `json:"message,omitempty"`
	Hint    string       `json:"hint,omitempty"`
	Files   []string     `json:"files,omitempty"` // held, unchanged: modules that were put back; warnings about inputs that a build changes, or about modules

	Capsules int `json:"capsules,omitempty"` // ready, idle: how many are watched
	Failed   int `json:"failed,omitempty"`   // idle: how many of them are failed or held now
}

// Component is one published module of a capsule.
type Component struct {
	ID           string `json:"id"`
	Artifact     string `json:"artifact"`
	Blob         string `json:"blob"`
	ArtifactHash string `json:"artifact_hash"`
	Size         int64  `json:"size"`
	Kind         string `json:"kind"`
}

// Announcer receives every event, in order, from one goroutine. It must not
// block for long and cannot fail: what goes wrong inside it is its own to report.
type Announcer func(Event)

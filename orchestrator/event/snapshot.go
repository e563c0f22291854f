package event

import "time"

// Snapshot is how everything stands at one event. One follows Ready. A reader that comes too
// late for the events before it begins with one, which is no event of its own then, and has
// the Seq of the newest event that it contains.
type Snapshot struct {
	Ready    bool       `json:"ready,omitempty"`    // Ready was said
	Idle     bool       `json:"idle,omitempty"`     // nothing was pending or building
	Standing []Standing `json:"standing,omitempty"` // by folder
	Page     string     `json:"page,omitempty"`     // the URL of Serving; "": the watch has no page
}

// Standing is how a capsule stands. The artifact is what it publishes, as far as that was
// told, also while newer sources fail.
type Standing struct {
	Subject
	State      State     `json:"state"`
	Building   bool      `json:"building,omitempty"`    // a build runs
	SourceHash string    `json:"source_hash,omitempty"` // the newest that was told
	Key        string    `json:"key,omitempty"`         // that of the state; not one that is still being built
	Generation int       `json:"generation,omitempty"`  // reloads in this run
	Verdict    uint64    `json:"verdict,omitempty"`     // the Seq of the event that the state comes from
	Since      time.Time `json:"since,omitzero"`        // when that was said
	Artifact
	Tests *Tests  `json:"tests,omitempty"` // of the artifact, as far as they were told
	Live  *Living `json:"live,omitempty"`  // absent: no runtime was told of, or has said anything
}

// Living is what a runtime said last of a capsule: it runs it, or refused it and may run an
// earlier one.
type Living struct {
	Runs    bool      `json:"runs"`
	Key     string    `json:"key,omitempty"` // of what it runs, or refused
	Hash    string    `json:"artifact_hash,omitempty"`
	Runtime string    `json:"runtime,omitempty"` // isolated or live
	Reason  string    `json:"reason,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// Subject is the capsule that something is about.
type Subject struct {
	Capsule string `json:"capsule,omitempty"` // the manifest's name
	Dir     string `json:"dir"`               // its folder, which identifies it
}

// State is what became of a capsule's newest sources that were processed.
type State string

// The states.
const (
	Unknown State = "unknown" // nothing was told of them yet
	Good    State = "good"    // published, or there is nothing to build
	Failed  State = "failed"  // they do not build or do not load
	OnHold  State = "held"    // they change under their own build
)

// Kind is its name on the wire.
func (Snapshot) Kind() Kind { return "snapshot" }

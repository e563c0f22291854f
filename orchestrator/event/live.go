package event

import "github.com/astrid-runtime/astrid-dev/builder/finding"

// Live says that a runtime runs what was reloaded: its own answer to the install.
type Live struct {
	SourceHash string  `json:"source_hash,omitempty"` // of the reload that was installed; "" for what was there before this run
	Quality    Quality `json:"quality,omitempty"`
	Key        string  `json:"key,omitempty"`        // of that reload, as in Basis
	Generation int     `json:"generation,omitempty"` // of that reload; 0 for what was up to date at start
	Hash       string  `json:"artifact_hash,omitempty"`
	Runtime    string  `json:"runtime,omitempty"`    // isolated: the session's own; live: the user's
	Reason     string  `json:"reason,omitempty"`     // why it was installed, where no reload led to it
	PutBack    bool    `json:"put_back,omitempty"`   // it is the last good one, after another was refused
	Tools      []Tool  `json:"tools,omitempty"`      // that the capsule described
	LiveMS     int64   `json:"live_ms,omitempty"`    // what the install took
	LatencyMS  int64   `json:"latency_ms,omitempty"` // from the last edit to this announcement; 0 when no edit led to it
}

// LiveFailed says that a runtime does not run what was reloaded: it refused it, or what was
// found before keeps it from being installed.
type LiveFailed struct {
	SourceHash string            `json:"source_hash,omitempty"`
	Key        string            `json:"key,omitempty"`
	Generation int               `json:"generation,omitempty"`
	Hash       string            `json:"artifact_hash,omitempty"`
	Runtime    string            `json:"runtime,omitempty"`
	Reason     string            `json:"reason,omitempty"`
	Hint       string            `json:"hint,omitempty"`
	Findings   []finding.Finding `json:"findings,omitempty"`
	LatencyMS  int64             `json:"latency_ms,omitempty"`
}

// Tool is one that a capsule offers.
type Tool struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// HookEnded says that a command of the user's own (--on-reload and its like) has ended. Where it
// failed a warning went before. Idle comes after it.
type HookEnded struct {
	After      string `json:"after,omitempty"`       // what it was run after: reload, live, failed or mended
	SourceHash string `json:"source_hash,omitempty"` // of the event that it was run after, and the next one
	Generation int    `json:"generation,omitempty"`
	ExitCode   int    `json:"exit_code,omitempty"` // -1 when a signal or the time limit ended it, or it could not begin
	Reason     string `json:"reason,omitempty"`    // why it failed; "": it did not
	HookMS     int64  `json:"hook_ms,omitempty"`   // how long it ran
}

func (Live) Kind() Kind       { return "live" }
func (LiveFailed) Kind() Kind { return "live_failed" }
func (HookEnded) Kind() Kind  { return "hook_ended" }

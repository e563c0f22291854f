package event

import (
	"encoding/json"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// Ready is said once: everything is watched and hashed. First builds may still run.
type Ready struct {
	Capsules int       `json:"capsules,omitempty"` // how many are watched
	Queued   int       `json:"queued,omitempty"`   // builds that are due and have not begun
	Watched  []Subject `json:"-"`                  // which, for snapshots; not on the wire
}

// CapsuleAdded says that a Capsule.toml appeared and was read.
type CapsuleAdded struct {
	SourceHash string `json:"source_hash,omitempty"`
}

// CapsuleRemoved says that a Capsule.toml or its folder is gone.
type CapsuleRemoved struct{}

// Basis is what a change, a build and a verdict go by.
type Basis struct {
	Key          string   `json:"key,omitempty"`           // one digest of everything that a build depends on; equal keys are never built twice
	Attempt      int      `json:"attempt,omitempty"`       // which build of the capsule in this run, from 1; 0: none was tried
	Changed      []string `json:"changed,omitempty"`       // files that differ from those of the verdict before, touched ones too: relative to dir below it; the first 20
	ChangedCount int      `json:"changed_count,omitempty"` // how many there are
}

// basis is what it is called where a body has one.
func (b Basis) basis() Basis { return b }

// BasisOf is what body goes by; zero where it goes by nothing.
func BasisOf(body Body) Basis {
	if b, has := body.(interface{ basis() Basis }); has {
		return b.basis()
	}
	return Basis{}
}

// Change says that the settled key is new, of the same sources too, when another input
// changed. A build follows unless something stands in its way.
type Change struct {
	SourceHash   string `json:"source_hash,omitempty"`
	PreviousHash string `json:"previous_hash,omitempty"` // the source hash that was announced before
	Reason       string `json:"reason,omitempty"`        // as in BuildStarted
	Basis
}

// Unchanged says that an edit or a doubt ended in what stood before, that a module is
// up to date at start, or that one which somebody took away stands again.
type Unchanged struct {
	SourceHash string `json:"source_hash,omitempty"`
	Reason     string `json:"reason,omitempty"` // why nothing is new although something happened; "": nothing differs
	Basis
	State      State             `json:"state,omitempty"`      // which verdict stands; "": good
	Rebuilt    bool              `json:"rebuilt,omitempty"`    // a build made, byte for byte, the modules that stand published
	Findings   []finding.Finding `json:"findings,omitempty"`   // as in Reload, of what stands
	Generation int               `json:"generation,omitempty"` // with rebuilt: of the reload that brought them
	Artifact                     // empty for a capsule that builds nothing
	Tests      *Tests            `json:"tests,omitempty"`
	BuildMS    int64             `json:"build_ms,omitempty"` // with rebuilt, and the next two
	SmokeMS    int64             `json:"smoke_ms,omitempty"`
	LatencyMS  int64             `json:"latency_ms,omitempty"` // as in Reload
	Files      []string          `json:"files,omitempty"`      // the modules that were put back, relative to the capsule
}

// BuildStarted says that a build runs.
type BuildStarted struct {
	SourceHash string  `json:"source_hash,omitempty"`
	Reason     string  `json:"reason,omitempty"` // why, as "changed"
	Quality    Quality `json:"quality,omitempty"`
	Basis
	Queued int `json:"queued,omitempty"` // builds that are due and have not begun, beside this one
}

// BuildSuperseded says that newer sources made the build worthless, and that it was ended.
type BuildSuperseded struct {
	SourceHash string  `json:"source_hash,omitempty"`
	Quality    Quality `json:"quality,omitempty"`
	Basis
}

// BuildFailed says that a build gave no module, or that none can begin: at the step sources
// there is neither source hash nor key, because a source cannot be read.
type BuildFailed struct {
	SourceHash string  `json:"source_hash,omitempty"`
	Reason     string  `json:"reason,omitempty"` // an earlier build's verdict stands, and it was not built again; "" otherwise
	Quality    Quality `json:"quality,omitempty"`
	Basis
	Step        string            `json:"step,omitempty"`      // sources, manifest, toolchain, build, collect, wrap, stage, tests
	ExitCode    int               `json:"exit_code,omitempty"` // of the build command, -1 when a signal ended it
	Diagnostics []finding.Finding `json:"diagnostics,omitempty"`
	Tail        string            `json:"tail,omitempty"` // the last lines of the build's output
	LatencyMS   int64             `json:"latency_ms,omitempty"`
	Hint        string            `json:"hint,omitempty"` // with a reason: how to build again
}

// SmokeFailed says that a build gave a module which does not load.
type SmokeFailed struct {
	SourceHash string  `json:"source_hash,omitempty"`
	Reason     string  `json:"reason,omitempty"` // as in BuildFailed
	Quality    Quality `json:"quality,omitempty"`
	Basis
	Findings  []finding.Finding `json:"findings,omitempty"`
	Tail      string            `json:"tail,omitempty"` // the last lines of what the module wrote
	LatencyMS int64             `json:"latency_ms,omitempty"`
	Hint      string            `json:"hint,omitempty"` // as in BuildFailed
}

// Reload says that a new module stands published, whole and loaded. One that is byte for
// byte the one before is no news, and Unchanged says so.
type Reload struct {
	SourceHash   string `json:"source_hash,omitempty"`
	PreviousHash string `json:"previous_hash,omitempty"` // the source hash of the reload before this one
	Reason       string `json:"reason,omitempty"`        // of the build
	Basis
	Findings   []finding.Finding `json:"findings,omitempty"`   // what the kernel would say of it, and warnings
	Generation int               `json:"generation,omitempty"` // counts this capsule's reloads in one run, from 1
	Artifact
	Tests     *Tests          `json:"tests,omitempty"`
	BuildMS   int64           `json:"build_ms,omitempty"`
	SmokeMS   int64           `json:"smoke_ms,omitempty"`
	LatencyMS int64           `json:"latency_ms,omitempty"` // from the last edit to this announcement; 0 when no edit led to it
	Delta     json.RawMessage `json:"delta,omitempty"`      // what changed against the last good artifact, as builder/smoke writes it
	Files     []string        `json:"files,omitempty"`      // inputs that the build wrote again
}

// Warning says that something is amiss which fails no build.
type Warning struct {
	Code    finding.Code `json:"code,omitempty"` // stable, lower case with dashes
	Message string       `json:"message,omitempty"`
	Hint    string       `json:"hint,omitempty"`
	Files   []string     `json:"files,omitempty"`
}

// Held says that the capsule is not built until an edit or r: its builds change their
// own inputs, or another program overwrites what they publish.
type Held struct {
	SourceHash string `json:"source_hash,omitempty"`
	Basis
	Message string   `json:"message,omitempty"`
	Hint    string   `json:"hint,omitempty"`
	Files   []string `json:"files,omitempty"` // what changes again and again
}

// Idle says that nothing is pending or building, and that no command of --on-reload and its
// like runs. Installs in a runtime go on beside it.
type Idle struct {
	Capsules int       `json:"capsules,omitempty"` // how many are watched
	Failed   int       `json:"failed,omitempty"`   // how many of them are failed or held now
	Failing  []Subject `json:"failing,omitempty"`  // which
}

// Serving says that the watch has a page, and where. It is said once, before anything else.
type Serving struct {
	URL string `json:"url,omitempty"` // with the token that lets its reader in: whoever has it may call tools
}

// Quality is what a build is for, or a module was made for.
type Quality string

// The qualities.
const (
	Debug   Quality = "debug"   // somebody waits for it; a release follows when all is quiet
	Release Quality = "release" // what is packed, verified and shipped
)

// Artifact is what a capsule publishes. Its own fields are those of the first component.
type Artifact struct {
	Path       string      `json:"artifact,omitempty"` // where it is published
	Blob       string      `json:"blob,omitempty"`     // an immutable copy; the last five are kept
	Hash       string      `json:"artifact_hash,omitempty"`
	Size       int64       `json:"size,omitempty"`
	Type       string      `json:"kind,omitempty"` // core or component
	Quality    Quality     `json:"quality,omitempty"`
	Components []Component `json:"components,omitempty"`
}

// NewArtifact describes the modules that components are.
func NewArtifact(components []Component) Artifact {
	if len(components) == 0 {
		return Artifact{}
	}
	c := components[0]
	return Artifact{Path: c.Path, Blob: c.Blob, Hash: c.Hash, Size: c.Size, Type: c.Type, Components: components}
}

// Tests is what came of the capsule's tests with the module; without it there are none. A test
// that fails keeps nothing from being published unless the settings say so.
type Tests struct {
	Passed int          `json:"passed"`
	Failed []FailedTest `json:"failed,omitempty"`
	MS     int64        `json:"ms,omitempty"` // all of them together
}

// FailedTest is an expectation of a test that was not met, or what is wrong with a file of tests.
type FailedTest struct {
	Name    string `json:"name,omitempty"` // of the test; "" for a file that cannot be read
	File    string `json:"file"`           // a slash path below dir
	Line    int    `json:"line,omitempty"`
	Message string `json:"message"`
	Diff    string `json:"diff,omitempty"` // from what was expected to what came
	Hint    string `json:"hint,omitempty"`
}

// Component is one published module of a capsule. Its fields are never left out.
type Component struct {
	ID   string `json:"id"` // as the manifest has it
	Path string `json:"artifact"`
	Blob string `json:"blob"`
	Hash string `json:"artifact_hash"`
	Size int64  `json:"size"`
	Type string `json:"kind"`
}

// The names of the kinds on the wire.

func (Ready) Kind() Kind           { return "ready" }
func (CapsuleAdded) Kind() Kind    { return "capsule_added" }
func (CapsuleRemoved) Kind() Kind  { return "capsule_removed" }
func (Change) Kind() Kind          { return "change" }
func (Unchanged) Kind() Kind       { return "unchanged" }
func (BuildStarted) Kind() Kind    { return "build_started" }
func (BuildSuperseded) Kind() Kind { return "build_superseded" }
func (BuildFailed) Kind() Kind     { return "build_failed" }
func (SmokeFailed) Kind() Kind     { return "smoke_failed" }
func (Reload) Kind() Kind          { return "reload" }
func (Warning) Kind() Kind         { return "warning" }
func (Held) Kind() Kind            { return "held" }
func (Idle) Kind() Kind            { return "idle" }
func (Serving) Kind() Kind         { return "serving" }

package builder

import (
	"encoding/json"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/behaviour"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
)

// Module is one published component of a capsule.
type Module struct {
	ID   string `json:"id"`
	Path string `json:"path"` // the published path, absolute
	Blob string `json:"blob"` // an immutable copy by content hash, absolute
	Hash string `json:"hash"` // BLAKE3, 64 lower-case hex digits
	Size int64  `json:"size"` // bytes
	Kind string `json:"kind"` // core or component
}

// Published is what stands at a capsule's published paths.
type Published struct {
	SourceHash string // of the sources that they were built from
	Quality    Quality
	Modules    []Module
	Findings   []finding.Finding // warnings and notes of the smoke load and the toolchain, which hold as long as it stands
	News       []finding.Finding // notes of what changed against the artifact before
	Delta      json.RawMessage   // what changed against the artifact before; nil when nothing did
	BuildTime  time.Duration
	SmokeTime  time.Duration
	Tests      *tests.Summary     // what came of the capsule's tests; nil: there are none
	Changed    []behaviour.Change // what its calls do otherwise than those of the artifact before
}

// Staged is a build that has ended and is not published. One that succeeded, and loads, has its
// modules in the staging folder: end it with Publish or Discard. One that failed has none, and
// tells what became of its inputs all the same.
type Staged struct {
	Before *Inputs // what was to be built
	After  *Inputs // the same looked at again when the build had ended; nil: it could not be read any more
	Lost   error   // why After is nil

	BuildTime time.Duration
	SmokeTime time.Duration
	Findings  []finding.Finding // warnings and notes
	Modules   []StagedModule    // in the manifest's order
	Tests     *tests.Summary    // what came of the capsule's tests; nil: there are none
	Shared    bool              // the modules are another machine's, and were loaded here
	Elsewhere bool              // another machine built the modules, for this build, and they were loaded here

	Calls   []behaviour.Call   // what calls of the first module did
	Changed []behaviour.Change // what they do otherwise than those of what stands published

	work    string      // holds everything staged; removed at the end
	lock    *store.Lock // keeps other processes out
	claimed func()      // lets those go on that wait for the same result in other checkouts; nil: nobody does
	ended   bool
	release string            // of the runtime, in whose host the calls were made
	learned []string          // outside inputs that the toolchain told of
	told    []finding.Finding // of the build alone
	code    string            // the source hash without the files of tests; "": there are none
}

// Moved names the inputs that were touched while they were built, as Inputs.Changed does.
func (s *Staged) Moved() []string {
	if s.After == nil {
		return []string{s.Before.Dir}
	}
	return s.Before.Changed(s.After)
}

// sound reports whether something is staged, and was built from what is on disk: nothing moved,
// or what moved has the same content again.
func (s *Staged) sound() bool {
	return s.lock != nil && !s.ended && s.After != nil && (s.Before.Key == s.After.Key || len(s.Moved()) == 0)
}

// reset forgets what was built; findings are what is kept.
func (s *Staged) reset(findings []finding.Finding) {
	s.Findings, s.Modules, s.Tests, s.told, s.learned, s.code = findings, nil, nil, nil, nil, ""
}

// StagedModule is a built component, smoke-loaded, in the staging folder.
type StagedModule struct {
	ID     string
	File   string // the path it is for, slash path below the capsule
	Path   string // where it lies now
	Twin   string // where a copy of it lies; "": nowhere
	Lines  string // where the core module lies that it was made of, with what tells of its source; "": nowhere
	Found  bool   // it stood at its published path already: the author put it there, no build makes it
	Hash   string // BLAKE3
	Size   int64
	Report *smoke.Report
}

// Discard throws away what was staged. It may be called on nil, and twice.
func (s *Staged) Discard() {
	if s == nil || s.ended || s.lock == nil {
		return
	}
	store.RemoveWork(s.Before.Dir, s.work)
	s.lock.Release()
	s.ended = true
}

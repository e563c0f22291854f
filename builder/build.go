package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/compile"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Staged is a build that succeeded and loads, and is not published. End it
// with Publish or Discard.
type Staged struct {
	Before *Inputs // what was to be built
	After  *Inputs // the same looked at again when it was built; nil: it could not be read any more

	BuildTime time.Duration
	SmokeTime time.Duration
	Findings  []finding.Finding // warnings and notes
	Modules   []StagedModule    // in the manifest's order

	work    string      // holds everything staged; removed at the end
	lock    *store.Lock // keeps other processes out
	ended   bool
	learned []string // outside inputs that the toolchain told of
}

// Moved names the inputs that were touched while they were built, as Inputs.Changed does.
func (s *Staged) Moved() []string {
	if s.After == nil {
		return []string{s.Before.Dir}
	}
	return s.Before.Changed(s.After)
}

// sound reports whether what was staged was built from what is on disk: nothing moved, or
// what moved has the same content again.
func (s *Staged) sound() bool {
	return s.After != nil && (s.Before.Key == s.After.Key || len(s.Moved()) == 0)
}

// UpToDate is Build's error when another process, for which it waited, has published what
// was to be built.
type UpToDate struct{ Published *Published }

func (*UpToDate) Error() string { return "another astrid-dev has built this capsule meanwhile" }

// StagedModule is a built component, smoke-loaded, in the staging folder.
type StagedModule struct {
	ID     string
	File   string // the path it is for, slash path below the capsule
	Path   string // where it lies now
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

// attempts is how often a build is begun whose state folder is deleted under it: a person
// does that once, a build that does it would do it for ever.
const attempts = 3

// Build builds the capsule that in describes, smoke-loads the result and looks at the
// inputs again. Live output goes to output, which may be nil. The error is a *finding.Failure for
// what the capsule's author can mend, also one that is recorded, an *UpToDate when there
// is nothing left to build, and ctx's when it ended; nothing staged is left then.
func (b *Builder) Build(ctx context.Context, in *Inputs, output io.Writer) (*Staged, error) {
	if in.problem != nil {
		return nil, in.problem
	}
	if in.Verdict != nil {
		return nil, in.Verdict
	}
	if in.how == nil { // the manifest names nothing to build, and For says so
		_, err := toolchain.For(ctx, toolchain.Request{Manifest: in.manifest, Env: b.Env, Jobs: b.Jobs})
		return nil, asProblem(err)
	}
	for attempt := 1; ; attempt++ {
		s, err := b.begin(ctx, in)
		if err != nil {
			return nil, err
		}
		err = b.stage(ctx, s, discard(output))
		lost := s.lock.Lost() && ctx.Err() == nil
		if err == nil && !lost {
			s.After, _ = b.Examine(ctx, in.Dir)
			return s, nil
		}
		var failure *finding.Failure
		if !lost && errors.As(err, &failure) {
			b.noteVerdict(ctx, in, failure)
		}
		s.Discard()
		if !lost {
			return nil, err
		}
		if attempt == attempts {
			return nil, stateLost()
		}
	}
}

// begin takes the lock. What another process did while we waited for it counts.
func (b *Builder) begin(ctx context.Context, in *Inputs) (*Staged, error) {
	lock, err := b.lockForBuild(ctx, in)
	if err != nil {
		return nil, stageFailure(ctx, in.Dir, err)
	}
	if lock.Waited {
		if p := b.standing(in.Dir, in.Key); p != nil {
			lock.Release()
			return nil, &UpToDate{p}
		}
		if failure := b.verdict(in.Dir, in.Key); failure != nil && !failure.Stood.Before(in.Taken) {
			lock.Release()
			return nil, failure
		}
	}
	return &Staged{Before: in, lock: lock}, nil
}

// lock takes the capsule's lock, and says so when it has to wait.
func (b *Builder) lock(ctx context.Context, dir string) (*store.Lock, error) {
	return b.store.Lock(ctx, dir, func() {
		b.Say(dir, finding.Finding{Code: finding.WaitingForLock, Severity: finding.Warning,
			Message: "another astrid-dev is building this capsule", Hint: "waiting for it to finish"})
	})
}

// lockForBuild is lock for the whole of a build. What a killed process left half published
// while we waited for it is finished first.
func (b *Builder) lockForBuild(ctx context.Context, in *Inputs) (*store.Lock, error) {
	lock, err := b.lock(ctx, in.Dir)
	if err != nil {
		return nil, err
	}
	if _, err := store.Finish(in.Dir, in.files()); err != nil {
		lock.Release()
		return nil, fmt.Errorf("finishing an interrupted publication: %w", err)
	}
	return lock, nil
}

// stateLost tells of a state folder that is deleted in each build.
func stateLost() *finding.Failure {
	return &finding.Failure{Step: finding.StepStage, Findings: []finding.Finding{{Code: finding.StageFailed,
		Message: fmt.Sprintf("%s was deleted while the build ran, %d times", store.Folder, attempts),
		Hint:    "keep the build from cleaning target (cargo clean, git clean): astrid-dev stages the module in " + store.Folder}}}
}

// stage builds in a folder of its own, and loads what was built.
func (b *Builder) stage(ctx context.Context, s *Staged, output io.Writer) error {
	in := s.Before
	work, err := store.MakeWork(in.Dir)
	if err != nil {
		return stageFailure(ctx, in.Dir, err)
	}
	s.work = work
	s.Findings = append(s.Findings, in.unmatched()...)
	ready, err := smoke.Prepare(SmokeOptions(in.manifest).Limits) // its reader is compiled while the tool runs
	if err != nil {
		return stageFailure(ctx, in.Dir, err)
	}
	defer ready.Close()
	made, err := b.underWay(in, work, output).Do(ctx)
	s.BuildTime = made.Took
	s.Findings = append(s.Findings, made.Findings...)
	if ctx.Err() == nil {
		if learned, learnErr := in.how.Outside(ctx); learnErr == nil {
			s.learned = learned
			b.learn(in.Dir, learned)
		}
	}
	var disk *compile.DiskError
	switch {
	case errors.As(err, &disk):
		return stageFailure(ctx, in.Dir, disk.Err)
	case err != nil:
		return err
	}
	for _, m := range made.Modules {
		c := in.manifest.Components[m.Component]
		s.Modules = append(s.Modules, StagedModule{ID: c.ID, File: c.File, Path: m.Path, Found: m.Found, Hash: m.Hash, Size: m.Size})
	}
	return b.smoke(ctx, s, ready)
}

// underWay is the build of in, about to begin in the folder work.
func (b *Builder) underWay(in *Inputs, work string, output io.Writer) *compile.Build {
	build := &compile.Build{Manifest: in.manifest, Recipe: in.how, Work: work, Timeout: b.timeout(in), Grace: b.Grace, Output: output,
		Say:   func(f finding.Finding) { b.Say(in.Dir, f) },
		Stale: compile.Stale{Changed: in.oldestChange(), Sources: map[string]bool{}}}
	for _, list := range []map[string]tree.File{files(in.Sources), files(in.Others)} {
		for name := range list {
			build.Stale.Inputs = append(build.Stale.Inputs, fsys.Absolute(in.Dir, name))
		}
	}
	for name := range files(in.Sources) {
		build.Stale.Sources[name] = true
	}
	build.Began = func() (ended func()) {
		began := fmt.Sprintln(in.Taken.UnixNano())
		noteSeen(in)
		store.Note(in.Dir, store.RunNote, []byte(began))
		return func() {
			store.Note(in.Dir, store.RunNote, []byte(began+fmt.Sprintln(time.Now().UnixNano())))
		}
	}
	return build
}

// timeout is how long a command of in's build may run.
func (b *Builder) timeout(in *Inputs) time.Duration {
	if in.manifest.Dev.Timeout > 0 {
		return in.manifest.Dev.Timeout
	}
	return b.Timeout
}

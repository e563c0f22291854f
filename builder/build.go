package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/compile"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/inputs"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// UpToDate is Build's error when another process, for which it waited, has published what
// was to be built.
type UpToDate struct{ Published *Published }

func (*UpToDate) Error() string { return "another astrid-dev has built this capsule meanwhile" }

// attempts is how often a build is begun whose state folder is deleted under it: a person
// does that once, a build that does it would do it for ever.
const attempts = 3

// Build builds the capsule that in describes, smoke-loads the result and looks at the
// inputs again, also after a failure. Live output goes to output, which may be nil. The error is
// a *finding.Failure for what the capsule's author can mend, also one that is recorded, an
// *UpToDate when there is nothing left to build, and ctx's when it ended; nothing staged is left
// then. The Staged is nil only when ctx ended.
func (b *Builder) Build(ctx context.Context, in *Inputs, output io.Writer) (*Staged, error) {
	s, err := b.attempt(ctx, in, discard(output))
	defer s.unclaim() // when it has been offered
	if s.After == nil {
		s.After, s.Lost = b.Examine(ctx, in.Dir)
	}
	if ctx.Err() != nil {
		s.Discard()
		return nil, ctx.Err()
	}
	if err != nil {
		b.noteVerdict(s, err)
		s.Discard()
		return s, err
	}
	b.offer(ctx, s)
	return s, nil
}

// attempt builds and loads, and begins again where the state folder was deleted meanwhile. The
// Staged is never nil; it holds the capsule's lock when the build ran.
func (b *Builder) attempt(ctx context.Context, in *Inputs, output io.Writer) (*Staged, error) {
	nothing := &Staged{Before: in}
	switch {
	case in.Fault != nil:
		return nothing, in.Fault
	case in.Verdict != nil:
		return nothing, in.Verdict
	case in.How == nil:
		return nothing, toolchain.NothingToBuild()
	}
	for range attempts {
		s, err := b.begin(ctx, in)
		if err != nil {
			return nothing, err
		}
		err = b.stage(ctx, s, output)
		if ctx.Err() != nil || !s.lock.Lost() {
			return s, err
		}
		s.unclaim()
		s.Discard()
	}
	return nothing, stateLost()
}

// begin takes the lock. What another process did while we waited for it counts.
func (b *Builder) begin(ctx context.Context, in *Inputs) (*Staged, error) {
	lock, err := b.lockForBuild(ctx, in)
	if err != nil {
		return nil, stageFailure(ctx, in.Dir, err)
	}
	if lock.Waited {
		if p := b.current(in, store.Read(in.Dir)); p != nil {
			lock.Release()
			return nil, &UpToDate{p}
		}
		if failure := b.verdict(in.Dir, in.keyFor(in.Quality)); failure != nil && !failure.Stood.Before(in.Taken) {
			lock.Release()
			return nil, failure
		}
	}
	return &Staged{Before: in, lock: lock}, nil
}

// lock takes the capsule's lock, and says so when it has to wait.
func (b *Builder) lock(ctx context.Context, dir string) (*store.Lock, error) {
	return b.store.Lock(ctx, dir, func() {
		b.options.Say(dir, finding.Finding{Code: finding.WaitingForLock, Severity: finding.Warning,
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
	if _, err := store.Finish(in.Dir, in.Manifest.Files()); err != nil {
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

// stage builds in a folder of its own, and loads what was built. What another machine made of
// the same inputs is taken instead, where there is such a thing and it loads.
func (b *Builder) stage(ctx context.Context, s *Staged, output io.Writer) error {
	in := s.Before
	work, err := store.MakeWork(in.Dir)
	if err != nil {
		return stageFailure(ctx, in.Dir, err)
	}
	s.work = work
	var prune sync.WaitGroup // of what earlier builds left, while nobody waits for it
	prune.Go(func() { store.Prune(in.Dir) })
	defer prune.Wait()
	s.Findings = append(s.Findings, in.Unmatched()...)
	taken := b.fetch(ctx, s)
	if taken != nil && taken.again && in.Quality == Debug {
		taken = nil // what is shared are releases
	}
	if taken != nil && !taken.again {
		if b.adopt(ctx, s, taken) {
			s.Before = in.ForRelease()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if err := b.compileSomewhere(ctx, s, output); err != nil {
		return err
	}
	b.compare(s, taken)
	return nil
}

// compileSomewhere is compile on another machine, where there is one. What does not come to a module
// that loads there says nothing of the capsule, and is done here.
func (b *Builder) compileSomewhere(ctx context.Context, s *Staged, output io.Writer) error {
	elsewhere := b.elsewhere(s.Before)
	if elsewhere == nil {
		return b.compile(ctx, s, nil, output)
	}
	before := slices.Clone(s.Findings)
	err := b.compile(ctx, s, elsewhere, output)
	if s.Elsewhere = err == nil; s.Elsewhere || ctx.Err() != nil || b.options.MachineOnly {
		return err
	}
	s.reset(append(before, notElsewhere(err)))
	if s.work, err = store.MakeWork(s.Before.Dir); err != nil { // without what came from there
		return stageFailure(ctx, s.Before.Dir, err)
	}
	return b.compile(ctx, s, nil, output)
}

// compile runs the tool, and loads what it made.
func (b *Builder) compile(ctx context.Context, s *Staged, elsewhere *compile.Elsewhere, output io.Writer) error {
	in := s.Before
	places := b.options.Slots
	if elsewhere != nil {
		places = nil // the other machine minds its own
	}
	leave, err := places.Take(ctx)
	if err != nil {
		return err
	}
	defer leave()
	ready, err := b.children(in) // those that do not wait yet compile their readers while the tool runs
	if err != nil {
		return stageFailure(ctx, in.Dir, err)
	}
	defer ready.leave()
	build := b.underWay(in, s.work, output)
	build.Elsewhere = elsewhere
	made, err := build.Do(ctx)
	leave()
	s.BuildTime = made.Took
	s.told = made.Findings
	s.Findings = append(s.Findings, made.Findings...)
	b.inputs.Age(in.Dir, made.Aged)
	if err != nil && ctx.Err() == nil {
		b.learn(ctx, s, made)
	}
	var disk *compile.DiskError
	switch {
	case errors.As(err, &disk):
		return stageFailure(ctx, disk.Dir, disk.Err)
	case err != nil:
		return err
	}
	for _, m := range made.Modules {
		c := in.Manifest.Components[m.Component]
		s.Modules = append(s.Modules, StagedModule{ID: c.ID, File: c.File, Path: m.Path, Twin: m.Twin, Lines: m.Lines, Found: m.Found, Hash: m.Hash, Size: m.Size})
	}
	defer b.lookAgain(ctx, s, made)()
	err = b.judge(ctx, s, ready)
	if diskErr := made.OnDisk(); err == nil && diskErr != nil {
		err = stageFailure(ctx, in.Dir, diskErr)
	}
	return err
}

// lookAgain learns what a build that went well read, which may take a question to its tool, and looks at s's inputs
// again, beside what the caller does; looked waits for its end.
func (b *Builder) lookAgain(ctx context.Context, s *Staged, made compile.Made) (looked func()) {
	var look sync.WaitGroup
	look.Go(func() {
		b.learn(ctx, s, made)
		if !hasTests(s.Before) { // tests read sources; else nothing does from here on, and nobody waits for both
			s.After, s.Lost = b.Examine(ctx, s.Before.Dir)
		}
	})
	return look.Wait
}

// learn notes what the tool read: what it always tells, and what this run told. A run that
// failed may have stopped before it told all.
func (b *Builder) learn(ctx context.Context, s *Staged, made compile.Made) {
	dir := s.Before.Dir
	learned, err := s.Before.recipe().Outside(ctx)
	if err != nil {
		return
	}
	learned = append(slices.Clone(learned), made.Told...)
	if !made.Ran {
		before, _ := b.inputs.Learned(dir, known(store.Read(dir)))
		learned = append(learned, before...)
	}
	slices.Sort(learned)
	s.learned = slices.Compact(learned)
	b.inputs.Learn(dir, s.learned)
}

// underWay is the build of in, about to begin in the folder work.
func (b *Builder) underWay(in *Inputs, work string, output io.Writer) *compile.Build {
	build := &compile.Build{Manifest: in.Manifest, Recipe: in.recipe(), Work: work, Timeout: b.timeout(in), Grace: b.options.Grace, Output: output,
		Say: func(f finding.Finding) { b.options.Say(in.Dir, f) },
	}
	if build.ComparesTimes() {
		build.Stale.Changed = in.OldestChange(lastRun(in))
		for _, f := range slices.Concat(in.Sources.Files, in.Others.Files) {
			build.Stale.Inputs = append(build.Stale.Inputs, fsys.Absolute(in.Dir, f.Path))
		}
	}
	build.Began = func() (ended func()) {
		began := fmt.Sprintln(in.Taken.UnixNano())
		run, _ := in.runNotes()
		noteSeen(in)
		store.Note(in.Dir, run, []byte(began))
		return func() {
			store.Note(in.Dir, run, []byte(began+fmt.Sprintln(time.Now().UnixNano())))
		}
	}
	return build
}

// timeout is how long a command of in's build may run.
func (b *Builder) timeout(in *Inputs) time.Duration {
	if in.Manifest.Dev.Timeout > 0 {
		return in.Manifest.Dev.Timeout
	}
	return b.options.Timeout
}

// seenLimit bounds the note of a run's inputs: a million of them with long names.
const seenLimit = 256 << 20

// runNotes are the names of what is noted of the runs of in's build command. Those of a debug build
// have products of their own.
func (in *Inputs) runNotes() (run, seen string) {
	if in.Quality == Debug {
		return store.DebugRunNote, store.DebugSeenNote
	}
	return store.RunNote, store.SeenNote
}

// lastRun is the last run of in's build command, from the examination before it; nil
// when nobody knows of one.
func lastRun(in *Inputs) *inputs.Run {
	dir := in.Dir
	runNote, seenNote := in.runNotes()
	data, err := store.ReadNote(dir, runNote, 1<<10)
	if err != nil {
		return nil
	}
	var from, to int64
	if n, _ := fmt.Sscan(string(data), &from, &to); n < 2 {
		to = time.Now().UnixNano() // it was killed, and has not ended yet
	}
	run := &inputs.Run{Since: time.Unix(0, from), Until: time.Unix(0, to)}
	var seen inputs.Seen
	if data, err = store.ReadNote(dir, seenNote, seenLimit); err == nil && seen.UnmarshalBinary(data) == nil {
		run.Seen = &seen
	}
	return run
}

// noteSeen tells the next run what this one is about to read. Where it cannot be written the
// older note stays, and does no harm: what is still as that says was so in this run too.
func noteSeen(in *Inputs) {
	if data, err := in.Seen().MarshalBinary(); err == nil {
		_, seen := in.runNotes()
		store.Note(in.Dir, seen, data)
	}
}

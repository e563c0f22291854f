package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

const (
	// tailKept is what an event carries of a build's output: two screens.
	tailKept = 8 << 10
	// outputKept is what diagnostics are read from. cargo's JSON for a large
	// workspace stays below a megabyte; the newest lines are what matters.
	outputKept = 4 << 20
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
		err = b.stage(ctx, in, s, discard(output))
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

func (b *Builder) stage(ctx context.Context, in *Inputs, s *Staged, output io.Writer) error {
	work, err := store.MakeWork(in.Dir)
	if err != nil {
		return stageFailure(ctx, in.Dir, err)
	}
	s.work = work
	command := in.how.Command(filepath.Join(s.work, "out"), filepath.Join(s.work, "tmp"))
	s.Findings = append(s.Findings, in.unmatched()...)
	ready, err := smoke.Prepare(SmokeOptions(in.manifest).Limits) // its reader is compiled while the tool runs
	if err != nil {
		return stageFailure(ctx, in.Dir, err)
	}
	defer ready.Close()
	if err := command.Prepare(); err != nil {
		return stageFailure(ctx, in.Dir, err)
	}
	start := time.Now()
	artifacts, err := b.run(ctx, in, command, s, output)
	if ctx.Err() == nil {
		b.learnOf(ctx, in, command.Told(start), err != nil, s)
	}
	if err != nil {
		return err
	}
	if err := b.collect(ctx, in, command, s, artifacts, output); err != nil {
		return err
	}
	return b.smoke(ctx, in, s, ready)
}

// learnOf notes what the tool read: what it always tells, and what this run told. A run that
// failed may have stopped before it told all.
func (b *Builder) learnOf(ctx context.Context, in *Inputs, told []string, failed bool, s *Staged) {
	learned, err := in.how.Outside(ctx)
	if err != nil {
		return
	}
	learned = append(slices.Clone(learned), told...)
	if failed {
		before, _ := b.known(in.Dir, store.Read(in.Dir))
		learned = append(learned, before...)
	}
	slices.Sort(learned)
	s.learned = slices.Compact(learned)
	b.learn(in.Dir, s.learned)
}

// run runs the build command and finds what it made.
func (b *Builder) run(ctx context.Context, in *Inputs, command *toolchain.Command, s *Staged, output io.Writer) ([]toolchain.Artifact, error) {
	timeout := b.timeout(in)
	tail := proc.NewTail(tailKept)
	stdout, stderr := proc.NewTail(outputKept), proc.NewTail(outputKept)
	live := io.MultiWriter(output, tail)
	believe := outdate(in, in.how)
	start := time.Now()
	result, err := proc.Run(ctx, proc.Command{Argv: command.Argv, Dir: command.Dir, Env: command.Env, Timeout: timeout, Grace: b.Grace,
		Stdout: io.MultiWriter(stdout, command.Live(live)), Stderr: io.MultiWriter(stderr, live)})
	s.BuildTime = time.Since(start)
	left := believe()
	b.nameStrays(in.Dir, result.Strays)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, notRun(err, command.Argv[0])
	}
	if result.TimedOut || result.ExitCode != 0 {
		f := &finding.Failure{Step: finding.StepBuild, ExitCode: result.ExitCode, Tail: string(tail.Bytes())}
		f.Findings = diagnose(command, stdout, stderr)
		if result.TimedOut {
			f.Findings = append([]finding.Finding{tookTooLong("the build", timeout)}, f.Findings...)
		}
		return nil, f
	}
	for _, f := range diagnose(command, stdout, stderr) {
		if f.Severity != finding.Error { // it succeeded: what looks like an error was none
			s.Findings = append(s.Findings, f)
		}
	}
	artifacts, err := command.Collect(start, stdout.Bytes())
	if err != nil {
		f := asProblem(err)
		f.Step, f.Tail = finding.StepCollect, string(tail.Bytes())
		return nil, f
	}
	for _, a := range artifacts {
		if slices.Contains(left, a.Path) {
			return nil, &finding.Failure{Step: finding.StepCollect, Tail: string(tail.Bytes()), Findings: []finding.Finding{in.leftAlone(a)}}
		}
	}
	return artifacts, nil
}

// leftAlone tells that what lies where a command leaves its module is not of this run.
func (in *Inputs) leftAlone(a toolchain.Artifact) finding.Finding {
	f := finding.Finding{Code: finding.OutputLeftAlone, File: tree.ManifestName,
		Hint: "let the build write its module to $CAPSULE_OUT, or correct output in [package.metadata.astrid-dev]; what lies there can be deleted"}
	f.Line, f.Column = in.manifest.Position(fmt.Sprintf("component[%d]", a.Component), "file")
	rel, err := filepath.Rel(in.Dir, a.Path)
	if err != nil {
		rel = a.Path
	}
	f.Message = fmt.Sprintf("the build ended well and did not write %s: what lies there was made by an earlier one", filepath.ToSlash(rel))
	return f
}

// notRun is why the build command did not run, or not to its end.
func notRun(err error, program string) *finding.Failure {
	f := &finding.Failure{Step: finding.StepToolchain, Findings: []finding.Finding{{Code: finding.BuildCommand, Message: err.Error()}}}
	hint := &f.Findings[0].Hint
	switch {
	case errors.Is(err, proc.ErrDeserted):
		f.Step, f.ExitCode = finding.StepBuild, -1
		*hint = "the machine may have run out of memory: look at its log, then build again"
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		*hint = fmt.Sprintf("check that %q is installed, executable and in PATH", program)
	default:
		*hint = "the system refused it: close what uses many files or processes, or raise its limits (ulimit -n, ulimit -u)"
	}
	return f
}

// timeout is how long a command of in's build may run.
func (b *Builder) timeout(in *Inputs) time.Duration {
	if in.manifest.Dev.Timeout > 0 {
		return in.manifest.Dev.Timeout
	}
	return b.Timeout
}

func tookTooLong(what string, timeout time.Duration) finding.Finding {
	return finding.Finding{Code: finding.BuildTimeout, Message: fmt.Sprintf("%s took longer than %s", what, timeout),
		Hint: `raise timeout in [package.metadata.astrid-dev], for example timeout = "30m"`}
}

func diagnose(command *toolchain.Command, stdout, stderr *proc.Tail) []finding.Finding {
	return command.Diagnose(stdout.Bytes(), stderr.Bytes())
}

func (b *Builder) nameStrays(dir string, strays []proc.Stray) {
	for _, s := range strays {
		b.Say(dir, finding.Finding{Code: finding.StrayProcess, Severity: finding.Warning,
			Message: fmt.Sprintf("the build left a process in a session of its own: %d %s", s.PID, s.Command),
			Hint:    "it is not stopped; if it should not run, end it and keep the build from starting it"})
	}
}

// collect copies every component into the staging folder, wrapped where it must be.
func (b *Builder) collect(ctx context.Context, in *Inputs, command *toolchain.Command, s *Staged, artifacts []toolchain.Artifact, output io.Writer) error {
	slices.SortFunc(artifacts, func(x, y toolchain.Artifact) int { return x.Component - y.Component })
	for _, a := range artifacts {
		c := in.manifest.Components[a.Component]
		to := filepath.Join(s.work, fmt.Sprintf("%d.wasm", a.Component))
		if f := unfit(a.Path); f != nil {
			return f
		}
		path, err := b.wrap(ctx, in, command, s, a.Path, to, output)
		if err != nil {
			return err
		}
		m := StagedModule{ID: c.ID, File: c.File, Path: to, Found: filepath.Clean(a.Path) == filepath.Join(in.Dir, filepath.FromSlash(c.File))}
		out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if err != nil {
			return stageFailure(ctx, in.Dir, err)
		}
		if m.Hash, m.Size, err = store.CopyTo(out, path); err != nil {
			return stageFailure(ctx, in.Dir, err)
		}
		if c.Hash != "" && c.Hash != m.Hash {
			s.Findings = append(s.Findings, hashDiffers(in, a.Component, m.Hash))
		}
		s.Modules = append(s.Modules, m)
	}
	return nil
}

// unfit reports a result that nobody should begin to read.
func unfit(path string) *finding.Failure {
	f, err := fsys.Open(path)
	if ofMachine(err) {
		return &finding.Failure{Step: finding.StepStage, Findings: []finding.Finding{{Code: finding.StageFailed, Message: "what the build made cannot be read: " + err.Error(), Hint: stageHint(filepath.Dir(path), err)}}}
	}
	if err != nil {
		return &finding.Failure{Step: finding.StepCollect, Findings: []finding.Finding{{Code: finding.OutputUnreadable, Message: "what the build made cannot be read: " + err.Error(),
			Hint: "let the build write a regular file"}}}
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > smoke.MaxFile {
		return &finding.Failure{Step: finding.StepCollect, Findings: []finding.Finding{{Code: finding.OutputTooLarge,
			Message: fmt.Sprintf("the build made a file of %d MiB; more than %d are never loaded", info.Size()>>20, smoke.MaxFile>>20),
			Hint:    "leave out debug information and embedded data"}}}
	}
	return nil
}

// hashDiffers tells that the manifest declares another hash than the build made.
func hashDiffers(in *Inputs, i int, built string) finding.Finding {
	line, column := in.manifest.Position(fmt.Sprintf("component[%d]", i), "hash")
	return finding.Finding{Code: finding.DeclaredHashDiffers, Severity: finding.Warning, File: tree.ManifestName, Line: line, Column: column,
		Message: fmt.Sprintf("the manifest declares hash %s, the build made %s", in.manifest.Components[i].Hash, built),
		Hint:    fmt.Sprintf("write hash = %q, or remove the line while you work on the capsule", built)}
}

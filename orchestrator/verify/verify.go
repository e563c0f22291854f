// Package verify says whether capsules are sound: what they are made of, that they build and load.
//
// Run checks every capsule where it lies, and builds it in a copy of its
// workspace, so that the tree stays as it was found and may be read-only; nothing is published and no record of earlier
// builds is believed. Read verify.go, steps.go, mirror.go, then second.go.
package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Config says what to verify and how.
type Config struct {
	Dirs    []string        // every capsule's folder that was found, absolute
	Closed  []*fs.PathError // folders that could not be read; each fails, whatever is selected
	Jobs    int             // builds in parallel; 0: 1
	Timeout time.Duration   // of the whole run; 0: none
	Env     []string        // the builds' environment; nil: this process's
	Tool    report.Tool     // who writes the report

	Strict    bool              // what the kernel would not run fails
	Runtime   []*astrid.Release // releases of the runtime that must all take every capsule; none: the manifest's, else Installed
	Installed string            // the release of the runtime on this machine; "": there is none

	Repro bool // build twice, in different folders, at different times, and compare
	// Isolated installs a capsule, given its manifest and the file of its module, in the real
	// runtime; it says what the runtime answered, or why it could not be asked. nil: nobody does.
	Isolated func(ctx context.Context, m *capsule.Manifest, module string) ([]finding.Finding, error)

	CheckArtifact bool // committed modules and declared hashes must be what the sources build
	FailFast      bool // stop at the first capsule that fails

	ChangedSince string                   // a git ref: only capsules whose inputs differ from the merge base; "": all
	Shard        Shard                    // a part of what is left then
	Times        map[string]time.Duration // what capsules took in an earlier run, by Dir of its report; may be nil

	// Progress is told whenever a capsule begins or ends. Calls never overlap. nil: nobody.
	Progress func(Progress)
}

// Progress is a moment of a run.
type Progress struct {
	Done, Total int            // capsules
	Running     []string       // folders relative to the report's root, sorted
	Ended       string         // the one that ended now, "" when one began
	Verdict     report.Verdict // of the one that ended
	Took        time.Duration
	Failed      []report.StepName // of the one that ended
}

// The reasons for which a run ends early, as the report tells them.
var (
	errTimeout  = errors.New("the time that --timeout allows was over")
	errFailFast = errors.New("another capsule failed before it, and --fail-fast was given")
	errStopped  = errors.New("the run was interrupted")
)

// Run verifies capsules and reports every one that was selected. A capsule's
// fault is in the report, never the error. When ctx ends the report is
// Interrupted, what had not ended is not_run, and the error is nil.
//
// The error is a *SetupError for what the caller asked wrongly, else the disk's
// refusal of a copy; the report is not nil then either. Run leaves no file, no
// goroutine and no process behind.
func Run(ctx context.Context, cfg Config) (*report.Report, error) {
	start := time.Now()
	r := newRun(cfg)
	outer := ctx
	if cfg.Timeout > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeoutCause(ctx, cfg.Timeout, errTimeout)
		defer cancel()
	}
	ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)
	err := r.all(ctx)
	if ctx.Err() != nil && err != nil {
		err = nil // the copy, or git, was stopped: that is no fault of theirs
	}
	r.explain(outer, ctx)
	r.report.DurationMS = time.Since(start).Milliseconds()
	r.report.Started = start
	r.report.Settle()
	return r.report, err
}

// run is one call of Run. Each capsule's entry belongs to the goroutine that
// works at it; everything else is written before those start.
type run struct {
	Config
	report  *report.Report
	stop    context.CancelCauseFunc
	jobs    []*job // those that were selected, in the report's order
	helpers []*job // others, whose modules these take
	temp    fsys.Scratch
	first   *copier
	second  *copier // nil without Repro

	mu      sync.Mutex // guards what follows, and every job's began and until
	running []string
	done    int
	said    map[string][]finding.Finding // what the builder said of a build, by folder in the copy
	handed  map[string]string            // modules that were put into the first copy for others to take: path -> BLAKE3
}

// job is one capsule.
type job struct {
	dir     string // the original, absolute
	capsule report.Capsule
	group   string
	start   *builder.Inputs   // before anything was built; nil: it could not be examined
	early   []finding.Finding // how its inputs differed from start when its own build began
	began   time.Time
	until   time.Time     // the end of the build that began then
	spent   time.Duration // on this capsule, in both builds
	built   []module      // of the first build, kept for the second
	needs   []*job        // they are built first, since it takes their modules
	feeds   bool          // others take its modules
	helper  bool          // it was not selected, and is built for others
	made    bool          // its modules are there for others to take
}

func newRun(cfg Config) *run {
	cfg.Jobs = max(1, cfg.Jobs)
	if cfg.Env == nil {
		cfg.Env = os.Environ()
	}
	cfg.Env = withoutGit(cfg.Env)
	if cfg.Progress == nil {
		cfg.Progress = func(Progress) {}
	}
	cfg.Dirs = resolved(cfg.Dirs)
	r := &run{Config: cfg, said: map[string][]finding.Finding{}, handed: map[string]string{}}
	r.report = &report.Report{Tool: cfg.Tool, Root: common(workspaces(cfg.Dirs)), Options: report.Options{
		Strict: cfg.Strict, Repro: cfg.Repro, CheckArtifact: cfg.CheckArtifact, FailFast: cfg.FailFast,
		ChangedSince: cfg.ChangedSince, Shard: cfg.Shard.String()}}
	for _, dir := range cfg.Dirs {
		r.jobs = append(r.jobs, &job{dir: dir, capsule: report.Planned("", r.relative(dir), r.steps()...)})
	}
	return r
}

// relative is how the report names a capsule.
func (r *run) relative(dir string) string {
	rel, err := filepath.Rel(r.report.Root, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return dir
	}
	return filepath.ToSlash(rel)
}

func (r *run) steps() []report.StepName {
	list := []report.StepName{report.StepCheck, report.StepBuild, report.StepSmoke, report.StepKernelReady, report.StepNoMutation}
	if r.Repro {
		list = append(list, report.StepReproducible)
	}
	if r.CheckArtifact {
		list = append(list, report.StepPublishedArtifact)
	}
	if r.Isolated != nil {
		list = append(list, report.StepRuntime)
	}
	return list
}

// all does everything; what it learned is in r.jobs whatever happens.
func (r *run) all(ctx context.Context) error {
	defer func() { r.temp.Remove() }()
	results, err := check.CheckAll(ctx, r.Dirs, check.Options{Env: r.Env, Runtime: r.Runtime})
	if err != nil {
		return err
	}
	for i, j := range r.jobs {
		j.checked(results[i])
	}
	if r.ChangedSince == "" {
		all := r.jobs
		r.share()
		r.help(r.order(nil), all)
	}
	if len(r.jobs) == 0 {
		return nil
	}
	if err := r.copy(ctx); err != nil {
		return &SetupError{fmt.Errorf("copying the workspace: %w", err), copyHint(err)}
	}
	if err := r.examine(ctx); err != nil {
		return err
	}
	r.verify(ctx)
	return nil
}

// copyHint says what to do about a copy that failed.
func copyHint(err error) string {
	switch {
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many files are open: run ulimit -n 65536"
	case errors.Is(err, syscall.ENAMETOOLONG):
		return "a path is longer than the system takes once it lies in the copy: shorten it, or set TMPDIR to a shorter folder"
	}
	return "set TMPDIR to a folder that can be written and has room for the workspace, twice with --repro"
}

// share keeps this shard's jobs.
func (r *run) share() {
	var names []string
	for _, j := range r.jobs {
		names = append(names, j.capsule.Dir)
	}
	mine := r.Shard.of(names, r.Times)
	r.jobs = slices.DeleteFunc(slices.Clone(r.jobs), func(j *job) bool { return !slices.Contains(mine, j.capsule.Dir) })
}

// explain moves the jobs into the report, with the reason of what did not run.
func (r *run) explain(outer, ctx context.Context) {
	reason := ""
	switch cause := context.Cause(ctx); {
	case outer.Err() != nil:
		reason = errStopped.Error()
	case errors.Is(cause, errFailFast) || errors.Is(cause, errTimeout):
		reason = cause.Error()
	}
	r.report.Capsules = nil
	for _, j := range r.building() {
		if j.helper && (j.capsule.Step(report.StepBuild).Verdict != report.Failed && j.capsule.Step(report.StepSmoke).Verdict != report.Failed) {
			continue
		}
		j.capsule.DurationMS = j.spent.Milliseconds()
		r.report.Capsules = append(r.report.Capsules, j.capsule)
	}
	r.report.Capsules = append(r.report.Capsules, r.closed()...)
	r.report.Settle()
	for i := range r.report.Capsules {
		c := &r.report.Capsules[i]
		if c.Verdict != report.NotRun && c.Verdict != report.Failed {
			continue
		}
		for k := range c.Steps {
			if s := &c.Steps[k]; s.Verdict == report.NotRun {
				s.Reason = cmp.Or(s.Reason, reason)
			}
		}
		if c.Verdict == report.NotRun {
			c.Reason = cmp.Or(c.Reason, reason)
			r.report.Interrupted = r.report.Interrupted || ctx.Err() != nil && reason != errFailFast.Error()
		}
	}
}

// closed are the folders that could not be read: what is in them is not known to be sound.
func (r *run) closed() (list []report.Capsule) {
	for _, err := range r.Closed {
		j := job{capsule: report.Planned("", r.relative(err.Path), r.steps()...)}
		j.pass(report.StepCheck, 0, []finding.Finding{{Code: finding.UnreadableFolder, File: err.Path, Message: "the folder cannot be read: " + err.Err.Error(), Hint: "make it readable; capsules in it are not seen"}})
		j.withhold("the folder cannot be read")
		list = append(list, j.capsule)
	}
	return list
}

// verify builds everything that was selected, then, if asked, all of it again.
func (r *run) verify(ctx context.Context) {
	if r.FailFast && slices.ContainsFunc(r.jobs, func(j *job) bool { return j.capsule.Step(report.StepCheck).Verdict == report.Failed }) {
		r.stop(errFailFast)
	}
	b := r.builder(r.Env)
	r.arrange(r.order(r.building()))
	r.each(ctx, func(j *job) {
		if r.firstBuild(ctx, b, j) && r.Repro {
			return
		}
		r.ended(j)
	})
	r.notOthers(ctx, b)
	if !r.Repro {
		return
	}
	again := r.builder(elsewhere(r.Env, time.Now()))
	r.each(ctx, func(j *job) {
		if j.built == nil {
			return
		}
		r.secondBuild(ctx, again, j)
		r.ended(j)
	})
}

func (r *run) builder(env []string) *builder.Builder {
	return builder.New(builder.Options{Env: env, Jobs: r.Jobs, Verify: true, Runtime: astrid.Versions(r.Runtime), Installed: r.Installed, Say: func(dir string, f finding.Finding) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !slices.Contains(r.said[dir], f) {
			r.said[dir] = append(r.said[dir], f)
		}
	}})
}

// each runs do for every job, in order and at most Jobs at once: after those whose
// modules it takes, and beside none of its group, whose builds write into the same folder.
func (r *run) each(ctx context.Context, do func(*job)) {
	waiting := r.building()
	busy := map[string]bool{} // groups
	over := map[*job]bool{}
	done := make(chan *job)
	ready := func(j *job) bool {
		return !busy[j.group] && !slices.ContainsFunc(j.needs, func(up *job) bool { return !over[up] })
	}
	for running := 0; ; {
		for running < r.Jobs && ctx.Err() == nil {
			at := slices.IndexFunc(waiting, ready)
			if at < 0 {
				break
			}
			j := waiting[at]
			waiting = slices.Delete(waiting, at, at+1)
			busy[j.group] = j.group != ""
			running++
			go func() {
				do(j)
				done <- j
			}()
		}
		if running == 0 {
			return
		}
		j := <-done
		running--
		busy[j.group], over[j] = false, true
	}
}

// began and ended tell Progress.
func (r *run) began(j *job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	j.began, j.until = time.Now(), time.Time{}
	r.running = append(r.running, j.capsule.Dir)
	slices.Sort(r.running)
	r.Progress(Progress{Done: r.done, Total: len(r.building()), Running: slices.Clone(r.running)})
}

// paused ends the time that counts for j.
func (r *run) paused(j *job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	j.until = time.Now()
	j.spent += j.until.Sub(j.began)
	r.running = slices.DeleteFunc(r.running, func(d string) bool { return d == j.capsule.Dir })
}

func (r *run) ended(j *job) {
	one := report.Report{Capsules: []report.Capsule{j.capsule}}
	one.Settle()
	verdict := one.Capsules[0].Verdict
	if verdict == report.NotRun {
		return // it was stopped
	}
	p := Progress{Total: len(r.building()), Ended: j.capsule.Dir, Verdict: verdict, Took: j.spent}
	for _, s := range j.capsule.Steps {
		if s.Verdict == report.Failed {
			p.Failed = append(p.Failed, s.Name)
		}
	}
	r.mu.Lock()
	r.done++
	p.Done, p.Running = r.done, slices.Clone(r.running)
	r.Progress(p)
	r.mu.Unlock()
	if verdict == report.Failed && r.FailFast {
		r.stop(errFailFast)
	}
}

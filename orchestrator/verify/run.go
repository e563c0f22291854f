package verify

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify/workspace"
)

// run is one call of Run. Each capsule's entry belongs to the goroutine that
// works at it; everything else is written before those start.
type run struct {
	Config
	report  *report.Report
	stop    context.CancelCauseFunc
	jobs    []*job // those that were selected, in the report's order
	helpers []*job // others, whose modules these take
	copies  *workspace.Copies
	journal *journal      // nil: there is none
	at      *workspace.At // the repositories at Against; nil: nobody asks

	builders []*builder.Builder // all that there are
	former   *builder.Builder   // builds what there is at Against
	newer    *builder.Builder   // judges for the release that --runtime-changes asks about

	mu      sync.Mutex // guards what follows, and every job's began and until
	running []string
	done    int
	said    map[string][]finding.Finding // what the builder said of a build, by folder in the copy
	handed  map[string]string            // modules that were put into the first copy for others to take: path -> BLAKE3
}

func newRun(cfg Config) *run {
	cfg.Jobs = max(1, cfg.Jobs)
	if cfg.Env == nil {
		cfg.Env = os.Environ()
	}
	cfg.Env = workspace.WithoutGit(cfg.Env)
	if cfg.Progress == nil {
		cfg.Progress = func(Progress) {}
	}
	cfg.Dirs = workspace.Resolved(cfg.Dirs)
	r := &run{Config: cfg, said: map[string][]finding.Finding{}, handed: map[string]string{}}
	r.report = &report.Report{Tool: cfg.Tool, Root: workspace.Common(workspace.Roots(cfg.Dirs)), Options: report.Options{
		Strict: cfg.Strict, Repro: cfg.Repro, CheckArtifact: cfg.CheckArtifact, FailFast: cfg.FailFast,
		ChangedSince: cfg.ChangedSince, Against: cfg.Against, Shard: cfg.Shard.String(),
		Runtime: strings.Join(astrid.Versions(cfg.Runtime), ","), Changes: cfg.Changes, Isolated: cfg.Isolated != nil}}
	for _, dir := range cfg.Dirs {
		r.jobs = append(r.jobs, &job{dir: dir, capsule: report.Planned("", r.relative(dir), r.steps()...)})
		if tests.In(dir) {
			r.jobs[len(r.jobs)-1].capsule.Step(report.StepTests)
		}
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

// building are all capsules that are built: those that were selected, and those that they need.
func (r *run) building() []*job { return slices.Concat(r.jobs, r.helpers) }

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
	if r.Against != "" {
		list = append(list, report.StepContract)
	}
	if r.Changes {
		list = append(list, report.StepRuntimeChange)
	}
	return list
}

func (r *run) builder(env []string) *builder.Builder {
	judges := astrid.Versions(r.Runtime)
	if r.Changes {
		judges = judges[:1]
	}
	return r.builderFor(env, judges)
}

// builderFor is a builder whose modules are judged by these releases. It lasts as long as the run,
// so that its smoke children load one module after another.
func (r *run) builderFor(env, judges []string) *builder.Builder {
	b := builder.New(builder.Options{Env: env, Jobs: r.Jobs, Spare: true, Verify: true, Runtime: judges, Installed: r.Installed, Shared: r.Shared, Slots: r.Slots, Machine: r.Machine, MachineOnly: r.MachineOnly, Say: func(dir string, f finding.Finding) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !slices.Contains(r.said[dir], f) {
			r.said[dir] = append(r.said[dir], f)
		}
	}})
	r.builders = append(r.builders, b)
	return b
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

// called is the capsule's folder, or its name where that is the root of all.
func called(c report.Capsule) string {
	if c.Dir == "." && c.Name != "" {
		return c.Name
	}
	return c.Dir
}

func (r *run) ended(j *job) {
	one := report.Report{Capsules: []report.Capsule{j.capsule}}
	one.Settle()
	verdict := one.Capsules[0].Verdict
	if verdict == report.NotRun {
		return // it was stopped
	}
	p := Progress{Total: len(r.building()), Ended: called(j.capsule), Verdict: verdict, Took: j.spent}
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
	if verdict == report.Passed {
		r.note(j)
	}
	if verdict == report.Failed && r.FailFast {
		r.stop(errFailFast)
	}
}

package verify

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify/workspace"
)

// Run verifies capsules and reports every one that was selected. A capsule's
// fault is in the report, never the error. When ctx ends the report is
// Interrupted, what had not ended is not_run, and the error is nil.
//
// The error is a *usage.Error for what the caller asked wrongly, and for the disk's
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
	if cfg.Journal != "" {
		var err error
		if r.journal, err = openJournal(cfg.Journal); err != nil {
			return r.report, err
		}
	}
	r.report.Commit = workspace.Commit(ctx, r.report.Root)
	err := r.all(ctx)
	r.journal.close(err == nil && ctx.Err() == nil)
	if ctx.Err() != nil && err != nil {
		err = nil // the copy, or git, was stopped: that is no fault of theirs
	}
	r.explain(outer, ctx)
	r.report.DurationMS = time.Since(start).Milliseconds()
	r.report.Started = start
	r.report.Settle()
	return r.report, err
}

// all does everything; what it learned is in r.jobs whatever happens.
func (r *run) all(ctx context.Context) error {
	defer func() {
		for _, b := range r.builders {
			b.Close()
		}
		r.copies.Remove()
		r.at.Remove()
	}()
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
		return err
	}
	if r.Against != "" {
		var err error
		if r.at, err = workspace.CheckOut(ctx, r.Dirs, r.Against); err != nil {
			return err
		}
	}
	if err := r.examine(ctx); err != nil {
		return err
	}
	r.verify(ctx)
	return nil
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

package verify

import (
	"context"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

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

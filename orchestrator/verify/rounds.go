package verify

import (
	"context"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/orchestrator/pool"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// verify builds everything that was selected, then, if asked, all of it again.
func (r *run) verify(ctx context.Context) {
	if r.FailFast && slices.ContainsFunc(r.jobs, func(j *job) bool { return j.capsule.Step(report.StepCheck).Verdict == report.Failed }) {
		r.stop(errFailFast)
	}
	b := r.builder(r.Env)
	if r.at != nil {
		r.former = r.builder(r.Env)
	}
	if r.Changes {
		r.newer = r.builderFor(r.Env, astrid.Versions(r.Runtime)[1:])
	}
	r.arrange(r.order(r.building()))
	r.each(ctx, func(j *job) {
		if r.firstBuild(ctx, b, j) && r.Repro {
			return
		}
		r.ended(j)
	})
	r.notOthers(ctx, b)
	b.Close() // its children have loaded what they had to
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

// each runs do for every job, in order and as the pool has room: after those whose modules it
// takes, and beside none of its group, whose builds write into the same folder.
func (r *run) each(ctx context.Context, do func(*job)) {
	row := &row{places: pool.New(r.Jobs), waiting: r.building(), over: map[*job]bool{}, done: make(chan ending)}
	for {
		for ctx.Err() == nil && row.begin(do) {
		}
		if row.running == 0 {
			return
		}
		row.await()
	}
}

// row is the jobs of one round. One goroutine owns it.
type row struct {
	places  *pool.Pool
	waiting []*job
	running int
	over    map[*job]bool
	done    chan ending
}

// ending is a job that has ended, and the place that it took.
type ending struct {
	job   *job
	place *pool.Place
}

// begin begins the first job that may begin now, and reports whether there was one.
func (w *row) begin(do func(*job)) bool {
	now := time.Now()
	at := slices.IndexFunc(w.waiting, func(j *job) bool {
		return w.places.Free(j.group, now) && !slices.ContainsFunc(j.needs, func(up *job) bool { return !w.over[up] })
	})
	if at < 0 {
		return false
	}
	e := ending{w.waiting[at], w.places.Take(w.waiting[at].group, now)}
	w.waiting = slices.Delete(w.waiting, at, at+1)
	w.running++
	go func() {
		do(e.job)
		w.done <- e
	}()
	return true
}

// await waits until a job has ended, or has run for so long that it lends its place.
func (w *row) await() {
	var lent <-chan time.Time
	if now := time.Now(); len(w.waiting) > 0 {
		if at := w.places.Lends(now); !at.IsZero() {
			timer := time.NewTimer(at.Sub(now))
			defer timer.Stop()
			lent = timer.C
		}
	}
	select {
	case e := <-w.done:
		w.places.Leave(e.place)
		w.running--
		w.over[e.job] = true
	case <-lent:
	}
}

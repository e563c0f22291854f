package orchestrator

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/orchestrator/pool"
)

// work is what is to be built of a capsule, and what is being built. A request may stand
// beside a job: it begins when the job has ended, so that there are never two of them.
type work struct {
	want    bool      // the newest examination is to be built
	since   time.Time // the request's place in the row
	reason  string
	overdue bool // MaxWait ran out for it: it is built although more changes come
	retried bool // the user asked for it

	job        *job // nil: nothing is being built
	superseded int  // jobs given up in a row because something changed
}

// job is one build from its start to its publication.
type job struct {
	in        *builder.Inputs
	early     bool // it began before in was looked at as a whole, and nobody was told yet
	release   bool // a debug module of in stands, and nobody waits for this one
	attempt   int  // its number among the capsule's builds
	reason    string
	place     *pool.Place
	started   time.Time
	edited    time.Time // the newest edit that it contains
	row       []string  // the builds that led to it, itself the last
	committed bool      // it runs to its end whatever changes
	cancelled bool      // nobody will see its outcome
	disturbed bool      // other content was seen while it ran
	noticed   []string  // paths below the capsule of which events told while it ran

	phase     phase
	staged    *builder.Staged // phase waiting: it built
	failure   error           // phase waiting: it did not
	touched   []string        // inputs that the build rewrote with the same bytes, folders in which it made and removed files
	published time.Time       // phase publishing: when that began
	stood     standing        // phase publishing: as it was then; an examination may see the new modules before we are told
}

// phase is how far a job has come. It only goes forward.
type phase int

const (
	running    phase = iota
	waiting          // it has ended, and its outcome waits for the end of the burst
	publishing       // a rename that has begun is finished
)

// request asks for a build. One that is asked for already keeps its place in the row.
func (w *work) request(reason string, now time.Time) {
	if !w.want {
		w.since = now
	}
	w.want, w.reason = true, reason
}

// withdraw takes the request back.
func (w *work) withdraw() { w.want, w.overdue = false, false }

// begin makes j of the request.
func (w *work) begin(j *job) {
	w.job = j
	w.withdraw()
	w.retried = false
}

// deliver ends the job with an outcome that counts.
func (w *work) deliver() { w.job, w.superseded = nil, 0 }

// abandon ends the job: nobody sees its outcome.
func (w *work) abandon() {
	if !w.job.release {
		w.superseded++
	}
	w.job = nil
}

// idle reports whether there is neither a request nor a job.
func (w *work) idle() bool { return !w.want && w.job == nil }

// waitedFor reports whether a verdict is to come of a request or a job.
func (w *work) waitedFor() bool { return w.want || w.job != nil && !w.job.release }

// running reports whether a build runs.
func (w *work) running() bool { return w.job != nil && w.job.phase == running }

// builds reports whether in is being built, and nobody has given that up.
func (w *work) builds(in *builder.Inputs) bool {
	return w.job != nil && !w.job.cancelled && w.job.covers(in)
}

// covers reports whether the job's build is one of in. Their keys may differ all the same: a
// tool tells what else it read when it has ended, and what was not touched since the job
// began was read as it is.
func (j *job) covers(in *builder.Inputs) bool {
	return j.in.Key == in.Key || len(j.in.Changed(in)) == 0
}

// impatient reports whether so many jobs were given up that the next one runs to its end.
func (w *work) impatient() bool { return w.superseded >= patience }

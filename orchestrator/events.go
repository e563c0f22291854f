package orchestrator

import (
	"errors"
	"fmt"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// sayChange announces a source hash that was not announced before.
func (l *loop) sayChange(c *capsule) {
	if c.told.source == c.in.SourceHash || c.standing.key == "" && c.told.source == "" {
		c.told.source = c.in.SourceHash
		return
	}
	l.announceFor(c, event.Change{SourceHash: c.in.SourceHash, PreviousHash: c.told.source})
	c.told.source, c.told.unanswered = c.in.SourceHash, true
}

// answer ends a change that led to no build, or to one that was given up because the change
// was undone: what was said of these sources before still holds.
func (l *loop) answer(c *capsule) {
	if !c.told.unanswered || c.in == nil || c.in.Key != c.standing.key || c.exam.gone || c.hold.suspicion != nil ||
		!c.work.idle() || c.product.amiss || !c.settled() {
		return
	}
	switch c.standing.how {
	case good:
		c.told.source = c.in.SourceHash
		l.sayUnchanged(c)
	case failed:
		l.sayStanding(c, "the change was undone: these sources failed to build before")
	case held:
		l.sayStanding(c, "the change was undone: it is held as before")
	}
}

func (l *loop) sayStanding(c *capsule, reason string) {
	c.told.source = c.in.SourceHash
	l.announceFor(c, event.Unchanged{SourceHash: c.in.SourceHash, Reason: reason})
}

func (l *loop) sayUnchanged(c *capsule) {
	e := event.Unchanged{SourceHash: c.in.SourceHash}
	if c.standing.modules != nil && c.in.Key == c.standing.published { // c.in may be older than the publication, and know of none
		e.Artifact = artifact(c.standing.modules)
	}
	l.announceFor(c, e)
}

func (l *loop) sayFailure(c *capsule, j *job, now time.Time) {
	f := asFailure(j.failure)
	reason, hint := "", ""
	if !f.Stood.IsZero() {
		reason = fmt.Sprintf("nothing that it depends on has changed since it failed at %s: it was not built again", f.Stood.Local().Format("2006-01-02 15:04:05"))
		hint = "astrid-dev build --retry builds it all the same, and so does r in watch"
	}
	if f.Step == finding.StepSmoke {
		l.announceFor(c, event.SmokeFailed{SourceHash: j.in.SourceHash, Reason: reason, Findings: f.Findings, Tail: f.Tail,
			LatencyMS: latency(j, now), Hint: hint})
		return
	}
	l.announceFor(c, event.BuildFailed{SourceHash: j.in.SourceHash, Reason: reason, Step: string(f.Step), ExitCode: f.ExitCode,
		Diagnostics: f.Findings, Tail: f.Tail, LatencyMS: latency(j, now), Hint: hint})
}

func (l *loop) sayReload(c *capsule, j *job, published *builder.Published, now time.Time) {
	e := event.Reload{SourceHash: j.in.SourceHash, PreviousHash: c.told.previous, Reason: j.reason,
		Generation: c.told.generation(), Artifact: artifact(published), Findings: published.Findings, Delta: published.Delta, Files: j.touched,
		BuildMS: published.BuildTime.Milliseconds(), SmokeMS: published.SmokeTime.Milliseconds(), LatencyMS: latency(j, now)}
	c.told.previous, c.told.source = j.in.SourceHash, j.in.SourceHash
	l.announceFor(c, e)
}

// sayRecovered announces modules that a crash left half published and that were put in
// place just now: whoever follows the reloads has not heard of them.
func (l *loop) sayRecovered(c *capsule) {
	p := c.standing.recovered
	if p == nil {
		return
	}
	c.standing.recovered = nil
	c.told.reloads++
	if c.in.Current != nil {
		c.standing.publish(c.in.Key, c.in.Current)
		c.settle(c.in, good)
	}
	e := event.Reload{SourceHash: p.SourceHash, Reason: "an interrupted publication was completed",
		Generation: c.told.generation(), Artifact: artifact(p), Findings: p.Findings, Delta: p.Delta}
	c.told.previous = p.SourceHash
	l.announceFor(c, e)
}

// artifact is what is published.
func artifact(p *builder.Published) event.Artifact {
	var list []event.Component
	for _, m := range p.Modules {
		list = append(list, event.Component{ID: m.ID, Path: m.Path, Blob: m.Blob, Hash: m.Hash, Size: m.Size, Type: m.Kind})
	}
	return event.NewArtifact(list)
}

// latency is milliseconds from the newest edit that j contains; 0 when no edit led to it.
func latency(j *job, now time.Time) int64 {
	if j.edited.IsZero() {
		return 0
	}
	return now.Sub(j.edited).Milliseconds()
}

// warnDuplicate names another capsule with the same name: the runtime would keep only one.
func (l *loop) warnDuplicate(c *capsule) {
	for _, dir := range l.order {
		other := l.capsules[dir]
		if other != c && other.in != nil && other.in.Name == c.in.Name {
			l.announceFor(c, event.Warning{Code: finding.DuplicateName, Files: []string{other.dir, c.dir},
				Message: fmt.Sprintf("two capsules are named %q: %s and %s", c.in.Name, other.dir, c.dir),
				Hint:    "the runtime keeps only one of a name; change [package] name in one of the two"})
			return
		}
	}
}

// asFailure is err as a capsule's fault, whatever it is.
func asFailure(err error) *finding.Failure {
	var failure *finding.Failure
	if errors.As(err, &failure) {
		return failure
	}
	return &finding.Failure{Step: finding.StepStage, Findings: []finding.Finding{{Code: finding.BuildEnvironment, Message: err.Error(),
		Hint: "check the disk's space and the folder's permissions, then press r or save a file"}}}
}

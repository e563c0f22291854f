package orchestrator

import (
	"fmt"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// announce hands on what is about no capsule.
func (l *loop) announce(body event.Body) { l.send(event.Event{Body: body}) }

func (l *loop) announceFor(c *capsule, body event.Body) {
	if isVerdict(body) {
		c.told.unanswered = false
	}
	l.send(event.Event{Capsule: c.name(), Dir: c.dir, Body: body})
}

// send hands e on, without its number and its time: they are its stream's to give.
func (l *loop) send(e event.Event) { l.do(say{e}) }

// isVerdict reports whether body answers a change.
func isVerdict(body event.Body) bool {
	switch body.(type) {
	case event.Reload, event.Unchanged, event.BuildFailed, event.SmokeFailed, event.Held, event.CapsuleRemoved:
		return true
	}
	return false
}

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

// sayPublished tells what a build published. The bytes that somebody took away are no reload.
func (l *loop) sayPublished(c *capsule, j *job, published *builder.Published, now time.Time) {
	p := &c.product
	p.amiss, p.again = false, now.Add(lookAgain)
	if p.remade(j.in.Key, published) {
		p.lost = nil
		l.sayPutBack(c, c.names(published))
		return
	}
	if p.lost = nil; j.in.Key != p.lostKey {
		p.mends = 0
	}
	c.told.reloads++
	l.sayReload(c, j, published, now)
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

// sayReady announces once that every capsule has been examined.
func (l *loop) sayReady() {
	if l.ready {
		return
	}
	for _, c := range l.capsules {
		if c.in == nil && !c.exam.gone && !c.exam.warned {
			return
		}
	}
	l.ready = true
	for _, dir := range l.order {
		if c := l.capsules[dir]; c.stands() && c.in.Buildable && c.told.reloads == 0 && c.work.idle() {
			l.sayUnchanged(c)
		}
	}
	watched := make([]event.Subject, len(l.order))
	for i, dir := range l.order {
		watched[i] = event.Subject{Capsule: l.capsules[dir].name(), Dir: dir}
	}
	l.announce(event.Ready{Capsules: len(l.order), Watched: watched})
}

// sayIdle announces that nothing is pending, once after each time something was.
func (l *loop) sayIdle() {
	count := 0
	for _, c := range l.capsules {
		if !c.work.idle() || c.hold.suspicion != nil || (c.product.amiss || !c.settled()) && !c.exam.warned {
			l.busy = true
			return
		}
		if c.standing.red() || c.exam.warned {
			count++
		}
	}
	if l.Blind && l.ready && l.inspectAll() {
		return
	}
	if l.ready && l.busy && !l.finding {
		l.busy = false
		l.announce(event.Idle{Capsules: len(l.order), Failed: count})
	}
}

// warned passes a warning from elsewhere on.
func (l *loop) warned(w Warning) {
	e := event.Event{Capsule: w.Capsule, Dir: w.Dir, Body: w.Warning}
	if c := l.capsules[w.Dir]; c != nil {
		if c.work.job != nil && w.Code == finding.WaitingForLock {
			c.work.job.blocked = true
		}
		if e.Capsule == "" {
			e.Capsule = c.name()
		}
	}
	l.send(e)
}

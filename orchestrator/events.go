package orchestrator

import (
	"fmt"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/announce"
)

// announce numbers and dates e, and hands it on.
func (l *loop) announce(e announce.Event) {
	l.seq++
	e.V, e.Seq, e.Time = announce.Version, l.seq, l.now
	l.do(say{e})
}

func (l *loop) announceFor(c *capsule, e announce.Event) {
	e.Capsule, e.Dir = c.name(), c.dir
	switch e.Type {
	case announce.Reload, announce.Unchanged, announce.BuildFailed, announce.SmokeFailed, announce.Held, announce.CapsuleRemoved:
		c.unanswered = false
	}
	l.announce(e)
}

// sayChange announces a source hash that was not announced before.
func (l *loop) sayChange(c *capsule) {
	if c.source == c.in.SourceHash || c.processed == "" && c.source == "" {
		c.source = c.in.SourceHash
		return
	}
	l.announceFor(c, announce.Event{Type: announce.Change, SourceHash: c.in.SourceHash, PreviousHash: c.source})
	c.source, c.unanswered = c.in.SourceHash, true
}

// answer ends a change that led to no build, or to one that was given up because the change
// was undone: what was said of these sources before still holds.
func (l *loop) answer(c *capsule) {
	if !c.unanswered || c.in == nil || c.in.Key != c.processed || c.gone || c.suspicion != nil ||
		c.job != nil || c.want || c.product.amiss || !c.settled() {
		return
	}
	switch c.state {
	case good:
		c.source = c.in.SourceHash
		l.sayUnchanged(c)
	case failed:
		l.sayStanding(c, "the change was undone: these sources failed to build before")
	case held:
		l.sayStanding(c, "the change was undone: it is held as before")
	}
}

func (l *loop) sayStanding(c *capsule, reason string) {
	c.source = c.in.SourceHash
	l.announceFor(c, announce.Event{Type: announce.Unchanged, SourceHash: c.in.SourceHash, Reason: reason})
}

func (l *loop) sayUnchanged(c *capsule) {
	e := announce.Event{Type: announce.Unchanged, SourceHash: c.in.SourceHash}
	if c.modules != nil && c.in.Key == c.published { // c.in may be older than the publication, and know of none
		describe(&e, c.modules)
	}
	l.announceFor(c, e)
}

func (l *loop) sayFailure(c *capsule, j *job, now time.Time) {
	f := asFailure(j.failure)
	e := announce.Event{Type: announce.BuildFailed, SourceHash: j.in.SourceHash, Step: string(f.Step),
		ExitCode: f.ExitCode, Diagnostics: f.Findings, Tail: f.Tail, LatencyMS: latency(j, now)}
	if !f.Stood.IsZero() {
		e.Reason = fmt.Sprintf("nothing that it depends on has changed since it failed at %s: it was not built again", f.Stood.Local().Format("2006-01-02 15:04:05"))
		e.Hint = "astrid-dev build --retry builds it all the same, and so does r in watch"
	}
	if f.Step == builder.StepSmoke {
		e.Type, e.Step, e.Diagnostics, e.Findings = announce.SmokeFailed, "", nil, f.Findings
	}
	l.announceFor(c, e)
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
	c.reloads++
	l.sayReload(c, j, published, now)
}

func (l *loop) sayReload(c *capsule, j *job, published *builder.Published, now time.Time) {
	e := announce.Event{Type: announce.Reload, SourceHash: j.in.SourceHash, PreviousHash: c.previous, Reason: j.reason,
		Generation: c.generation(), Findings: published.Findings, Delta: published.Delta, Files: j.touched,
		BuildMS: published.BuildTime.Milliseconds(), SmokeMS: published.SmokeTime.Milliseconds(), LatencyMS: latency(j, now)}
	describe(&e, published)
	c.previous, c.source = j.in.SourceHash, j.in.SourceHash
	l.announceFor(c, e)
}

// sayRecovered announces modules that a crash left half published and that were put in
// place just now: whoever follows the reloads has not heard of them.
func (l *loop) sayRecovered(c *capsule) {
	p := c.recovered
	if p == nil {
		return
	}
	c.recovered = nil
	c.reloads++
	if c.in.Current != nil {
		c.published, c.modules = c.in.Key, c.in.Current
		c.settle(c.in, good)
	}
	e := announce.Event{Type: announce.Reload, SourceHash: p.SourceHash, Reason: "an interrupted publication was completed",
		Generation: c.generation(), Findings: p.Findings, Delta: p.Delta}
	describe(&e, p)
	c.previous = p.SourceHash
	l.announceFor(c, e)
}

// describe fills in what is published. The event's own artifact is the first component's.
func describe(e *announce.Event, p *builder.Published) {
	for _, m := range p.Modules {
		e.Components = append(e.Components, announce.Component{ID: m.ID, Artifact: m.Path, Blob: m.Blob,
			ArtifactHash: m.Hash, Size: m.Size, Kind: m.Kind})
	}
	if len(e.Components) > 0 {
		first := e.Components[0]
		e.Artifact, e.Blob, e.ArtifactHash, e.Size, e.Kind = first.Artifact, first.Blob, first.ArtifactHash, first.Size, first.Kind
	}
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
			l.announceFor(c, announce.Event{Type: announce.Warning, Code: finding.DuplicateName, Files: []string{other.dir, c.dir},
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
		if c.in == nil && !c.gone && !c.warned {
			return
		}
	}
	l.ready = true
	for _, dir := range l.order {
		if c := l.capsules[dir]; c.state == good && c.in.Buildable && c.reloads == 0 && c.job == nil {
			l.sayUnchanged(c)
		}
	}
	l.announce(announce.Event{Type: announce.Ready, Capsules: len(l.order)})
}

// sayIdle announces that nothing is pending, once after each time something was.
func (l *loop) sayIdle() {
	count := 0
	for _, c := range l.capsules {
		if c.want || c.job != nil || c.suspicion != nil || (c.product.amiss || !c.settled()) && !c.warned {
			l.busy = true
			return
		}
		if c.state == failed || c.state == held || c.warned {
			count++
		}
	}
	if l.Blind && l.ready && l.inspectAll() {
		return
	}
	if l.ready && l.busy && !l.finding {
		l.busy = false
		l.announce(announce.Event{Type: announce.Idle, Capsules: len(l.order), Failed: count})
	}
}

// warned passes a warning from elsewhere on.
func (l *loop) warned(e announce.Event) {
	if c := l.capsules[e.Dir]; c != nil {
		if c.job != nil && e.Code == finding.WaitingForLock {
			c.job.blocked = true
		}
		if e.Capsule == "" {
			e.Capsule = c.name()
		}
	}
	l.announce(e)
}

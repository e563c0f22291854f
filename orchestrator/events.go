package orchestrator

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// sayChange announces a key that was not announced before.
func (l *loop) sayChange(c *capsule) {
	if c.told.key == c.in.Key || c.standing.key == "" && c.told.key == "" {
		c.told.announce(c.in)
		return
	}
	l.announceFor(c, event.Change{SourceHash: c.in.SourceHash, PreviousHash: c.told.source, Reason: c.work.reason, Basis: c.told.basis(c.in, 0)})
	c.told.announce(c.in)
	c.told.unanswered = true
}

// answer ends a change that led to no build, or to one that was given up because the change
// was undone: what was said of these inputs before still holds.
func (l *loop) answer(c *capsule) {
	if !c.told.unanswered || !c.settled() || !c.judged() {
		return
	}
	reason := ""
	if c.standing.how != good {
		reason = "nothing that it depends on differs: "
		if c.told.key != c.in.Key {
			reason = "the change was undone: "
		}
	}
	switch c.standing.how {
	case failed:
		reason += "these sources failed to build before"
	case held:
		reason += "it is held as before"
	case fresh:
		reason += "it is built after an edit"
	}
	l.sayUnchanged(c, c.in, reason)
}

// judged reports whether nothing is to be done about the newest examination: its verdict stands.
func (c *capsule) judged() bool {
	return c.in != nil && c.in.Key == c.standing.key && !c.exam.gone && c.hold.suspicion == nil && !c.work.waitedFor() && !c.product.amiss
}

// sayUnchanged says of in that the verdict which stands is the one on it.
func (l *loop) sayUnchanged(c *capsule, in *builder.Inputs, reason string) {
	e := event.Unchanged{SourceHash: in.SourceHash, Reason: reason, Basis: c.told.basis(in, c.told.attempt), State: c.standing.how.state()}
	if c.standing.how == good && c.standing.modules != nil && in.Key == c.standing.published { // in may be older than the publication, and know of none
		e.Artifact, e.Tests, e.Findings = artifact(c.standing.modules), tested(c.standing.modules), c.standing.modules.Findings
	}
	l.conclude(c, in, c.told.attempt, e)
}

// sayUnreadable says that a source cannot be read, so that nobody knows what is to be built.
func (l *loop) sayUnreadable(c *capsule, err error) {
	l.announceFor(c, event.BuildFailed{Step: string(finding.StepSources), Diagnostics: []finding.Finding{{Code: finding.SourceUnreadable, Message: err.Error(),
		Hint: "make it readable, or add it to ignore in [package.metadata.astrid-dev]; it is looked at again by itself"}}})
}

func (l *loop) sayFailure(c *capsule, j *job, now time.Time) {
	f := asFailure(j.failure)
	reason, hint := "", ""
	if !f.Stood.IsZero() {
		reason = fmt.Sprintf("nothing that it depends on has changed since it failed at %s: it was not built again", f.Stood.Local().Format("2006-01-02 15:04:05"))
		hint = "astrid-dev build --retry builds it all the same, and so does r in watch"
	}
	var body event.Body = event.BuildFailed{SourceHash: j.in.SourceHash, Quality: event.Quality(j.in.Quality), Reason: reason, Basis: c.told.basis(j.in, j.attempt), Step: string(f.Step),
		ExitCode: f.ExitCode, Diagnostics: f.Findings, Tail: f.Tail, LatencyMS: latency(j, now), Hint: hint}
	if f.Step == finding.StepSmoke {
		body = event.SmokeFailed{SourceHash: j.in.SourceHash, Quality: event.Quality(j.in.Quality), Reason: reason, Basis: c.told.basis(j.in, j.attempt),
			Findings: f.Findings, Tail: f.Tail, LatencyMS: latency(j, now), Hint: hint}
	}
	l.conclude(c, j.in, j.attempt, body)
}

func (l *loop) sayReload(c *capsule, j *job, published *builder.Published, now time.Time) {
	e := event.Reload{SourceHash: j.in.SourceHash, PreviousHash: c.told.previous, Reason: j.reason, Basis: c.told.basis(j.in, j.attempt),
		Generation: c.told.generation(), Artifact: artifact(published), Tests: tested(published), Findings: said(published), Delta: published.Delta, Files: j.touched,
		BuildMS: published.BuildTime.Milliseconds(), SmokeMS: published.SmokeTime.Milliseconds(), LatencyMS: latency(j, now)}
	c.told.previous = j.in.SourceHash
	l.conclude(c, j.in, j.attempt, e)
}

// sayRebuilt says that a build made what stood published already: nobody needs to load it again.
func (l *loop) sayRebuilt(c *capsule, j *job, published *builder.Published, now time.Time) {
	l.conclude(c, j.in, j.attempt, event.Unchanged{SourceHash: j.in.SourceHash, Reason: rebuiltReason, Basis: c.told.basis(j.in, j.attempt), Rebuilt: true,
		Findings: said(published), Generation: c.told.generation(), Artifact: artifact(published), Tests: tested(published),
		BuildMS: published.BuildTime.Milliseconds(), SmokeMS: published.SmokeTime.Milliseconds(), LatencyMS: latency(j, now)})
}

// rebuiltReason is why unchanged is said of what was built.
const rebuiltReason = "the build made the same modules again"

// sayRecovered announces modules that a crash left half published and that were put in
// place just now: whoever follows the reloads has not heard of them.
func (l *loop) sayRecovered(c *capsule) {
	p := c.standing.recovered
	if p == nil {
		return
	}
	c.standing.recovered = nil
	c.told.reloads++
	e := event.Reload{SourceHash: p.SourceHash, Reason: "an interrupted publication was completed",
		Generation: c.told.generation(), Artifact: artifact(p), Tests: tested(p), Findings: said(p), Delta: p.Delta}
	c.told.previous = p.SourceHash
	if c.in.Current == nil { // sources have changed since
		l.announceFor(c, e)
		return
	}
	c.standing.publish(c.in, c.in.Current)
	c.settle(c.in, good)
	e.Basis = c.told.basis(c.in, 0)
	l.conclude(c, c.in, 0, e)
}

// said are the findings that are told when p was published: what it changed, and what holds as long as it stands.
func said(p *builder.Published) []finding.Finding { return slices.Concat(p.News, p.Findings) }

// artifact is what is published.
func artifact(p *builder.Published) event.Artifact {
	var list []event.Component
	for _, m := range p.Modules {
		list = append(list, event.Component{ID: m.ID, Path: m.Path, Blob: m.Blob, Hash: m.Hash, Size: m.Size, Type: m.Kind})
	}
	a := event.NewArtifact(list)
	a.Quality = event.Quality(p.Quality)
	return a
}

// tested is what came of the tests with what is published; nil: there are none.
func tested(p *builder.Published) *event.Tests {
	if p.Tests == nil {
		return nil
	}
	t := &event.Tests{Passed: p.Tests.Passed(), MS: p.Tests.Millis}
	for _, f := range p.Tests.Faults {
		t.Failed = append(t.Failed, event.FailedTest{File: f.File, Line: f.Line, Message: f.Message, Hint: f.Hint})
	}
	for _, r := range p.Tests.Ran {
		for _, m := range r.Missed {
			t.Failed = append(t.Failed, event.FailedTest{Name: r.Name, File: r.File, Line: m.Line, Message: m.Message, Diff: m.Diff, Hint: m.Hint})
		}
	}
	return t
}

// latency is milliseconds from the newest edit that j contains; 0 when no edit led to it.
func latency(j *job, now time.Time) int64 {
	if j.edited.IsZero() {
		return 0
	}
	return now.Sub(j.edited).Milliseconds()
}

// warnDuplicates names capsules of the same name: the runtime would keep only one. It does so
// when nothing is pending, since one that moves is in two places for a moment.
func (l *loop) warnDuplicates() {
	for _, dir := range l.order {
		if c := l.capsules[dir]; c.in != nil && !c.told.named {
			c.told.named = true
			l.warnDuplicate(c)
		}
	}
}

// warnDuplicate names the capsule that has c's name too, if there is one that was looked at before.
func (l *loop) warnDuplicate(c *capsule) {
	for _, dir := range l.order {
		other := l.capsules[dir]
		if other != c && other.in != nil && other.told.named && other.in.Name == c.in.Name {
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

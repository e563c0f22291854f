package orchestrator

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// What stands published is watched like a source. Our own publications are known by their
// hashes and cause nothing. What somebody else deleted or overwrote is put back, from
// its blob or by a build; where that happens again and again, another program writes
// there, and the capsule is held.

const (
	mendLimit = 3           // times in a row that a module is put back
	mendRow   = time.Minute // apart, at most: a person who tidies up does that less often

	lookAgain = 2 * time.Second // after modules were written: a poll that came too late for that and for their loss saw nothing
)

// putBackReason is why unchanged is said of a module that was put back.
const putBackReason = "the published module was deleted or overwritten, and is put back as it was"

// product is what is known of the modules that stand published.
type product struct {
	doubt   time.Time // the newest event that told of them, not looked into yet; zero: none
	again   time.Time // when to look in any case; zero: not
	amiss   bool      // they do not stand as they were published, and are to be put back
	since   time.Time // the newest event that told of that
	working bool      // somebody looks, or puts them back, just now

	mends   int // how often that was done in a row
	mended  time.Time
	lost    *builder.Published // a build from lostKey is to make them again: what they were; nil: none is
	lostKey string
}

// doubted notes that something happened to what c publishes.
func (c *capsule) doubted(now time.Time) {
	if c.standing.modules == nil {
		return
	}
	c.product.doubt = now
	if c.product.amiss {
		c.product.since = now
	}
}

// isProduct reports whether path is where c publishes, and none of its inputs.
func (c *capsule) isProduct(path string) bool {
	return c.in != nil && slices.Contains(c.in.Publishes, path) &&
		!slices.Contains(c.in.Outside, path) && (c.in.Reads == nil || !c.in.Reads(path, false))
}

// publishesModules reports whether the modules that are known are those that the manifest names.
func (c *capsule) publishesModules() bool {
	return c.standing.modules != nil && c.in != nil && !slices.ContainsFunc(c.standing.modules.Modules, func(m builder.Module) bool {
		return m.Path != "" && !slices.Contains(c.in.Publishes, m.Path)
	})
}

// tend looks into doubts about c's modules, and puts back what is amiss.
func (l *loop) tend(c *capsule, now time.Time) {
	p := &c.product
	if p.working || c.work.job != nil && c.work.job.phase == publishing {
		return
	}
	if !p.again.IsZero() && !now.Before(p.again) {
		p.again, p.doubt = time.Time{}, now.Add(-l.Settle)
	}
	if !p.doubt.IsZero() && !now.Before(p.doubt.Add(l.Settle)) {
		l.inspect(c)
		return
	}
	if p.amiss = p.amiss && c.publishesModules(); p.amiss && l.mayMend(c, now) {
		l.mend(c, now)
	}
}

// mayMend waits until nothing else is about to write the modules, and the disk is quiet.
func (l *loop) mayMend(c *capsule, now time.Time) bool {
	return c.work.idle() && !c.exam.gone && (c.settled() || c.exam.warned) && !now.Before(c.product.since.Add(l.Quiet)) && !l.locked(c, now)
}

// tendAt lists when tend has something to do; zero: nothing that time brings.
func (c *capsule) tendAt(cfg *Config) (times [2]time.Time) {
	p := &c.product
	if p.working {
		return times
	}
	times[0] = p.again
	switch {
	case !p.doubt.IsZero():
		times[1] = p.doubt.Add(cfg.Settle)
	case p.amiss:
		times[1] = p.since.Add(cfg.Quiet)
	}
	return times
}

// inspect compares what stands with what was published. Nobody waits for that.
func (l *loop) inspect(c *capsule) {
	p := &c.product
	since, key := p.doubt, c.standing.published
	p.doubt = time.Time{}
	if !c.publishesModules() {
		return
	}
	p.working = true
	l.do(inspect{c: c, key: key, since: since})
}

// inspected takes in whether what was published from key stands; since is the event that made us look.
func (l *loop) inspected(c *capsule, key string, stands bool, since time.Time) {
	p := &c.product
	p.working = false
	if key != c.standing.published || c.standing.modules == nil {
		return // another one was published meanwhile, and that is looked at too
	}
	if p.amiss = !stands; p.amiss {
		p.since = since
	}
}

// mend puts c's modules back.
func (l *loop) mend(c *capsule, now time.Time) {
	p := &c.product
	if p.mends >= mendLimit && now.Sub(p.mended) <= mendRow {
		l.holdProduct(c)
		return
	}
	p.working = true
	l.do(restore{c: c, key: c.standing.published})
}

// counts notes that modules were put back.
func (p *product) counts(now time.Time) {
	if p.mends++; now.Sub(p.mended) > mendRow {
		p.mends = 1
	}
	p.mended = now
}

// restored takes in how it went to put c's modules back.
func (l *loop) restored(c *capsule, published *builder.Published, files []string, err error, now time.Time) {
	c.product.working, c.product.amiss = false, false
	switch {
	case l.stopping:
	case errors.Is(err, builder.ErrNoCopy):
		l.remake(c, now)
	case err != nil && isRefusal(err):
		c.change(now) // the examination says what stands in the way
	case err != nil:
		f := asFailure(err)
		l.announceFor(c, event.Warning{Code: finding.ModuleNotPutBack, Files: c.names(c.standing.modules),
			Message: "the published module is gone or overwritten, and cannot be put back: " + f.Error(), Hint: hintOf(f) + "; r tries again"})
	case len(files) > 0:
		c.standing.modules = published
		c.product.counts(now)
		c.product.again = now.Add(lookAgain)
		l.sayPutBack(c, files)
		l.feed(c, now)
	default: // somebody else was faster
		c.standing.modules = published
		c.told.unanswered = c.told.unanswered || c.stands()
	}
}

// isRefusal reports whether err is that of an examination: what stands there is not ours to overwrite.
func isRefusal(err error) bool {
	var failure *finding.Failure
	return errors.As(err, &failure) && failure.Refused
}

func hintOf(f *finding.Failure) string {
	if len(f.Findings) == 0 {
		return "look at the disk"
	}
	return f.Findings[0].Hint
}

// names lists p's files, relative to c's folder.
func (c *capsule) names(p *builder.Published) []string {
	var list []string
	for _, m := range p.Modules {
		rel, err := filepath.Rel(c.dir, m.Path)
		if err != nil {
			rel = m.Path
		}
		list = append(list, filepath.ToSlash(rel))
	}
	return list
}

// sayPutBack tells of modules that stand again. No build did that, and who loaded them
// needs no other ones, so it is no reload.
func (l *loop) sayPutBack(c *capsule, files []string) {
	if l.Blind { // nobody but the builds of this run was at work
		l.announceFor(c, event.Warning{Code: finding.ModuleOverwritten, Files: files,
			Message: "the published module was deleted or overwritten while builds ran",
			Hint:    "let no build write or clean up what another one publishes"})
	}
	if c.standing.red() || c.exam.warned { // the word on these sources is another
		l.announceFor(c, event.Warning{Code: finding.ModulePutBack, Files: files, Message: putBackReason,
			Hint: "it is the last one that was good; mend the sources to get a new one"})
		return
	}
	l.conclude(c, c.in, c.told.attempt, event.Unchanged{SourceHash: c.in.SourceHash, Reason: putBackReason, Basis: c.told.basis(c.in, c.told.attempt), Artifact: artifact(c.standing.modules),
		Findings: c.standing.modules.Findings, Files: files})
}

// remake has c's modules built again. When its sources are known not to build there is nothing to be done.
func (l *loop) remake(c *capsule, now time.Time) {
	key, lost := c.standing.unpublish()
	if c.standing.red() {
		l.announceFor(c, event.Warning{Code: finding.ModuleGone, Files: c.names(lost),
			Message: "the published module is gone or overwritten, there is no copy of it, and the sources do not build",
			Hint:    "mend the sources; the next build publishes it again"})
		return
	}
	c.product.counts(now)
	c.product.lost, c.product.lostKey = lost, key
	c.standing.forget()
	c.change(now)
}

// remade reports whether a build made what was lost again, with the same bytes.
func (p *product) remade(key string, published *builder.Published) bool {
	return p.lost != nil && p.lostKey == key && sameModules(p.lost, published)
}

// holdProduct stops putting back what another program overwrites again and again.
func (l *loop) holdProduct(c *capsule) {
	_, modules := c.standing.unpublish()
	files := c.names(modules)
	c.product = product{}
	c.hold.by(nil, nil)
	c.settle(c.in, held)
	l.conclude(c, c.in, 0, event.Held{Files: files, SourceHash: c.in.SourceHash, Basis: c.told.basis(c.in, 0),
		Message: fmt.Sprintf("the published module was put back %d times in a row, and is deleted or overwritten again; it is left alone until an edit or r", mendLimit),
		Hint:    "another program writes there: let it write elsewhere, or give the component another file in Capsule.toml"})
}

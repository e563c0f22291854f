package orchestrator

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// capsule is what the loop knows of one capsule. Only the loop's step touches it. Each part
// is a type that answers one question, and knows nothing of the others.
type capsule struct {
	dir string
	in  *builder.Inputs // the newest accepted examination; nil before the first

	burst    burst       // is somebody writing just now?
	exam     examination // is in what is on disk?
	work     work        // what is to be built, and what is being built?
	standing standing    // what came of it, and what is published?
	product  product     // does that still stand?
	hold     hold        // does the build write its own inputs?
	authors  authors     // who writes them?
	trail    trail       // which builds led to this one?
	told     told        // what was said of it?
}

// change records that something of which no path tells may have changed at now.
func (c *capsule) change(now time.Time) {
	c.exam.unnamed = true
	c.touched(now)
}

// touched records that something below the capsule may have changed at now.
func (c *capsule) touched(now time.Time) {
	if c.burst.change(now) {
		c.exam.capped = false
	}
	c.told.unanswered = true
	c.exam.doubt()
}

// settle makes in's key the last processed one.
func (c *capsule) settle(in *builder.Inputs, how verdict) {
	c.standing.settle(in, how)
	if how != held {
		c.hold.acquit()
	}
}

// release lets go of a capsule that is held or suspected. Nobody was told of a
// suspicion, so that what was suspected was not processed either.
func (c *capsule) release() {
	if c.standing.how == held && c.hold.suspicion != nil {
		c.standing.forget()
	}
	c.hold.by(nil, nil)
	c.hold.acquit()
}

// examineAt is when the capsule's inputs are due to be hashed.
func (c *capsule) examineAt(cfg *Config) time.Time {
	if !c.exam.retryAt.IsZero() {
		return c.exam.retryAt
	}
	if c.burst.open && c.exam.halfSaved() { // the other half comes as soon as that program goes on
		return c.burst.quietAt(cfg)
	}
	return c.burst.settledAt(cfg)
}

// lost reports whether what was published no longer stands there, as an
// examination begun after the publication saw it: somebody deleted the module,
// or put another folder with the same sources in this one's place.
func (c *capsule) lost() bool {
	s := &c.standing
	if s.modules == nil || c.in.Key != s.published || !c.in.Taken.After(s.publishedAt) {
		return false
	}
	return c.in.Current == nil || !sameModules(c.in.Current, s.modules)
}

// stands reports whether the newest examination is of what was published last.
func (c *capsule) stands() bool {
	return c.standing.how == good && c.in != nil && c.in.Key == c.standing.key
}

// settled reports whether what is known of the capsule is what is on its disk,
// as far as events tell.
func (c *capsule) settled() bool { return !c.burst.open && c.exam.current() }

func (c *capsule) name() string {
	if c.in == nil {
		return ""
	}
	return c.in.Name
}

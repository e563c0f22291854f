package orchestrator

import (
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// A build may change its own inputs. Three cases end differently:
//
//   - the same bytes again, or files that come and go: one extra build proves it, then the files are known
//     to be touched by this build, and no longer count;
//   - new content that comes to rest (a first lock file): built again;
//   - new content every time: the capsule is held, so that it cannot loop.
//
// Somebody who saves while builds run looks just like a build that writes into
// its own sources. What tells the two apart is when the files are written: a
// build writes only while it runs. So nobody is accused before a build that was
// started in quiet has seen its inputs change too, and where somebody seems
// to edit these very files, not before four such builds, each after more quiet.

// inputsChanged handles a build that ran to its end while its inputs changed.
func (l *loop) inputsChanged(c *capsule, after *builder.Inputs, changed []string, now time.Time) {
	f := &c.hold.feedback
	if after.Key == c.work.job.in.Key {
		if f.knows(changed) {
			c.work.job.touched = changed
			return
		}
		if common(changed, f.rewritten) && !c.work.job.disturbed {
			f.learn(changed)
			c.work.job.touched = changed
			l.warnTouches(c, changed)
			return
		}
		if f.rewritten = changed; c.work.job.disturbed {
			f.rewritten = nil // other content was there in between: somebody edited and undid it
		}
		l.buildAgain(c, after, now)
		return
	}
	f.rewritten = nil
	if changed = l.notTaken(c, changed); len(changed) == 0 { // no fault of this build
		l.buildAgain(c, after, now)
		return
	}
	f.clock(c.work.job.started, c.written(c.work.job.in, after, now))
	if after.Key == c.standing.published { // undone meanwhile
		l.buildAgain(c, after, now)
		return
	}
	if c.hold.probed {
		if !l.suspectAgain(c, after, changed, now) {
			l.hold(c, after, changed, now)
		}
		return
	}
	if f.add(changed) {
		c.hold.suspicion = &suspicion{}
		l.suspect(c, after, changed, now)
		return
	}
	l.buildAgain(c, after, now)
}

// warnTouches tells of inputs that a build rewrites with the same bytes, or of
// folders, with a slash at the end, in which it makes and removes files.
func (l *loop) warnTouches(c *capsule, changed []string) {
	message, hint := "the build rewrites its own sources with the same bytes", c.ignoreHint(changed, "generate into an ignored folder", false)
	if slices.ContainsFunc(changed, func(name string) bool { return strings.HasSuffix(name, "/") }) {
		message, hint = "the build makes and removes files among its own sources", "let it use $TMPDIR, which is its own, or an ignored folder"
	}
	l.announceFor(c, event.Warning{Code: finding.BuildTouchesInputs, Files: changed, Message: message, Hint: hint})
}

// buildAgain drops the job and builds what its end found, unless something newer comes.
func (l *loop) buildAgain(c *capsule, after *builder.Inputs, now time.Time) {
	count := c.work.superseded
	l.giveUp(c)
	c.work.superseded = count // it ran to its end; nobody superseded it
	if c.standing.how == held {
		c.standing.forget() // the build in quiet came to nothing
	}
	if !c.exam.current() || c.exam.gone {
		return
	}
	l.accept(c, after)
	if l.decide(c, now); c.work.want {
		c.work.reason = "inputs changed while building"
	}
}

// hold stops building a capsule until somebody changes it: its inputs changed
// during three builds, and again during one that was started in quiet.
func (l *loop) hold(c *capsule, after *builder.Inputs, changed []string, now time.Time) {
	c.hold.suspicion = nil
	attempt := c.work.job.attempt
	l.giveUp(c)
	l.witness(c, after)
	c.stop()
	known := c.exam.current() && !c.exam.gone
	if known {
		l.accept(c, after)
	}
	c.settle(after, held)
	c.hold.by(after, changed)
	c.hold.feedback = feedback{touches: c.hold.feedback.touches, when: c.hold.feedback.when}
	next := "it is built again after an edit"
	if !c.hold.feedback.when.steady() && c.hold.late < lateTries { // it may be somebody who never rests: the last edit is built
		c.hold.probeIn(probeAfter<<c.hold.late, now)
		c.hold.late++
		next = "it is built once more when the disk is quiet, then only after an edit"
	}
	l.conclude(c, after, attempt, event.Held{Files: changed, SourceHash: after.SourceHash, Basis: c.told.basis(after, attempt),
		Message: "its sources changed during three builds in a row, and during one in quiet too; " + next,
		Hint:    c.ignoreHint(changed, "if the build writes them, let it write into an ignored folder or $TMPDIR", false)})
	if known {
		l.decide(c, now)
	}
}

// stop takes back the request for a build, one in quiet too, because the capsule is suspected or held.
func (c *capsule) stop() {
	c.work.withdraw()
	c.work.superseded, c.hold.probed = 0, false
}

// suspect builds nothing until it was quiet for a while, and says nothing yet.
func (l *loop) suspect(c *capsule, after *builder.Inputs, changed []string, now time.Time) {
	l.giveUp(c)
	c.stop()
	c.settle(after, held)
	c.hold.by(after, changed)
	c.hold.probeIn(c.hold.pause(), now)
	if !c.exam.current() || c.exam.gone {
		return
	}
	l.accept(c, after)
	l.decide(c, now)
}

// suspectAgain reports whether a build in quiet whose inputs changed proves
// nothing yet, because somebody seems to edit these files.
func (l *loop) suspectAgain(c *capsule, after *builder.Inputs, changed []string, now time.Time) bool {
	if c.hold.feedback.when.steady() && !common(changed, names(c.authors.others)) {
		return false
	}
	switch {
	case c.hold.suspicion != nil && c.hold.suspicion.tries+1 < len(quiets):
		c.hold.suspicion.tries++
	case c.hold.suspicion == nil && c.hold.in == nil: // it was held for a circle, and this is the first word against its own build
		c.hold.suspicion = &suspicion{}
	default:
		return false
	}
	l.suspect(c, after, changed, now)
	return true
}

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

// inputsChanged handles a build that ran to its end while its inputs changed.
func (l *loop) inputsChanged(c *capsule, after *builder.Inputs, changed []string, now time.Time) {
	f := &c.feedback
	if after.Key == c.job.in.Key {
		if f.knows(changed) {
			c.job.touched = changed
			return
		}
		if common(changed, f.rewritten) && !c.job.disturbed {
			f.learn(changed)
			c.job.touched = changed
			l.warnTouches(c, changed)
			return
		}
		if f.rewritten = changed; c.job.disturbed {
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
	f.clock(c.job, after)
	if after.Key == c.published { // undone meanwhile
		l.buildAgain(c, after, now)
		return
	}
	if c.probed {
		if !l.suspectAgain(c, after, changed, now) {
			l.hold(c, after, changed, now)
		}
		return
	}
	f.count++
	if common(changed, f.files) {
		f.same++
	} else {
		f.same = 1
	}
	f.files = changed
	if f.same >= feedbackLimit || f.count >= 2*feedbackLimit {
		c.suspicion = &suspicion{}
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
	count := c.superseded
	l.giveUp(c)
	c.superseded = count // it ran to its end; nobody superseded it
	if c.state == held {
		c.processed = "" // the build in quiet came to nothing
	}
	if c.dirty || c.examining || c.gone {
		return
	}
	l.accept(c, after)
	if l.decide(c, now); c.want {
		c.reason = "inputs changed while building"
	}
}

// hold stops building a capsule until somebody changes it: its inputs changed
// during three builds, and again during one that was started in quiet.
func (l *loop) hold(c *capsule, after *builder.Inputs, changed []string, now time.Time) {
	c.suspicion = nil
	l.giveUp(c)
	l.witness(c, after)
	c.superseded, c.want, c.probed = 0, false, false
	c.settle(after, held)
	c.heldIn, c.heldFiles = after, changed
	c.feedback = feedback{touches: c.feedback.touches, when: c.feedback.when}
	next := "it is built again after an edit"
	if !c.feedback.when.steady() && c.late < lateTries { // it may be somebody who never rests: the last edit is built
		c.probeAt = now.Add(probeAfter << c.late)
		c.late++
		next = "it is built once more when the disk is quiet, then only after an edit"
	}
	l.announceFor(c, event.Held{Files: changed, SourceHash: after.SourceHash,
		Message: "its sources changed during three builds in a row, and during one in quiet too; " + next,
		Hint:    c.ignoreHint(changed, "if the build writes them, let it write into an ignored folder or $TMPDIR", false)})
	if c.dirty || c.examining || c.gone {
		return
	}
	l.accept(c, after)
	l.decide(c, now)
}

func (f *feedback) knows(changed []string) bool {
	return !slices.ContainsFunc(changed, func(file string) bool { return !f.touches[file] })
}

// common reports whether a file changed in the build before this one too.
func common(changed, before []string) bool {
	return slices.ContainsFunc(changed, func(file string) bool { return slices.Contains(before, file) })
}

func (f *feedback) learn(changed []string) {
	if f.touches == nil {
		f.touches = map[string]bool{}
	}
	for _, file := range changed {
		f.touches[file] = true
	}
}

// stillHeld reports whether nothing changed since the capsule was held but the
// files that it is held for. A log that grows without pause would else be built
// three times and held again, for ever.
func (c *capsule) stillHeld() bool {
	return c.state == held && c.heldIn != nil && !c.retried && !slices.ContainsFunc(c.heldIn.Changed(c.in), func(file string) bool {
		return !slices.Contains(c.heldFiles, file)
	})
}

// probe builds a held capsule once more after a long quiet.
func (l *loop) probe(c *capsule, now time.Time) {
	if c.probeAt.IsZero() || now.Before(c.probeAt) || c.job != nil || !c.settled() {
		return
	}
	c.probeAt, c.probed = time.Time{}, true
	if c.heldIn == nil { // for a circle
		c.circled++
	}
	c.want, c.wantSince, c.reason = true, now, "once more in quiet"
}

package orchestrator

import (
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
)

// Every change, and every doubt, ends in exactly one verdict, and that is about the newest
// inputs. The oracle knows of what the loop has heard, and what is on the model's disk.

// about reports whether e is about what is on the disk now. What becomes of the module that a
// capsule takes is heard of later, so that only its own sources count then.
func (s *simulation) about(c *simCapsule, e flat.Event) bool {
	if c.takes != "" {
		return e.SourceHash == hashOf(c.content)
	}
	return e.Key == hashOf(c.content)
}

func isAnswer(e flat.Event) bool {
	switch e.Type {
	case flat.Reload, flat.Unchanged, flat.BuildFailed, flat.SmokeFailed, flat.Held:
		return true
	}
	return false
}

// answers takes in what is said of c, and holds it against what was asked.
func (s *simulation) answers(c *simCapsule, e flat.Event) {
	s.begun(c, e)
	switch {
	case e.Type == flat.Change:
		if e.Key == "" || e.Key == c.changed {
			s.t.Errorf("%s: the change of %s to %q is announced twice, or has no key", s.clock(), c.dir, e.Key)
		}
		c.changed, c.open = e.Key, true
	case e.Type == flat.BuildStarted && e.Quality == "release" && c.debug: // nobody waits for it
	case e.Type == flat.BuildStarted:
		c.open = true
	case e.Type == flat.Warning && e.Code == finding.ModulePutBack: // who takes it is looked at again
		s.fed(e.Dir)
	case e.Type == flat.CapsuleRemoved:
		c.changed, c.open, c.kept, c.owed, c.judged = "", false, false, false, flat.Event{}
	case isAnswer(e):
		s.answer(c, e)
		if e.Reason == putBackReason {
			s.fed(e.Dir)
		}
	case e.Type == flat.Idle:
		s.allAnswered(e)
	}
}

// begun: what was built was said to be built, with its key, and is not what stands published.
func (s *simulation) begun(c *simCapsule, e flat.Event) {
	made := e.Type == flat.Reload && !strings.Contains(e.Reason, "interrupted") || e.Type == flat.Unchanged && e.Rebuilt
	if made && e.Attempt != c.attempt {
		s.t.Errorf("%s: attempt %d of %s ends in %s, and attempt %d was the last that began", s.clock(), e.Attempt, c.dir, e.Type, c.attempt)
	}
	if e.Type != flat.BuildStarted {
		return
	}
	c.attempt = e.Attempt
	stands := c.module != nil && c.record == e.Key && (e.Quality == "debug" || c.module.Quality == builder.Release)
	if stands && !c.stirs() && c.takes == "" && e.Reason != "retry" {
		s.t.Errorf("%s: P4: %s is said to be built from %s, which stands published", s.clock(), c.dir, e.Key)
	}
}

// fed notes that who takes the module of the capsule in dir is looked at.
func (s *simulation) fed(dir string) {
	for _, other := range s.sims {
		other.open = other.open || other.takes == dir
	}
}

// answer is one verdict: somebody must have asked for it, and it has the key that it is about.
func (s *simulation) answer(c *simCapsule, e flat.Event) {
	unreadable := e.Step == "sources"
	if e.Type == flat.Reload { // whoever loads that needs no word on an older one
		c.owed = false
	}
	if e.Key == "" && !unreadable && !strings.Contains(e.Reason, "interrupted") {
		s.t.Errorf("%s: the word %s on %s is about no key", s.clock(), e.Type, c.dir)
	}
	if !c.open && !c.twice && !s.unasked(c, e) {
		s.t.Errorf("%s: %s is told %s of %s once more: nothing happened since event %d", s.clock(), c.dir, e.Type, e.Key, c.judged.Seq)
	}
	known := s.loop.capsules[c.dir]
	if unreadable || known != nil && known.exam.current() && known.in != nil && known.in.Key == e.Key {
		c.open, c.changed = false, ""
	}
	c.judged, c.twice = e, e.Attempt > 0 && s.lookedLater(c)
}

// lookedLater reports whether the last step took in a look at c after the end of a build of it: what it said
// of the build may have been said before that look, which has a word of its own then.
func (s *simulation) lookedLater(c *simCapsule) bool {
	ended := false
	for _, h := range s.together {
		switch h := h.(type) {
		case built:
			ended = ended || h.c.dir == c.dir
		case published:
			ended = ended || h.c.dir == c.dir
		case examined:
			if ended && h.c.dir == c.dir {
				return true
			}
		}
	}
	return false
}

// unasked are the verdicts that no change leads to: on what stands at start, of a capsule that
// is built once more in quiet, of a release, of modules that somebody took away, or that a crash left.
func (s *simulation) unasked(c *simCapsule, e flat.Event) bool {
	first := c.judged.Type == ""
	release := c.debug && e.Quality == "release" && c.judged.Quality != "release" && e.Key == c.judged.Key
	return first || release || e.Step == "sources" || c.judged.Type == flat.Held || c.judged.Step == "sources" || e.Type == flat.Held ||
		e.Reason == putBackReason || strings.Contains(e.Reason, "interrupted") || strings.Contains(c.judged.Reason, "interrupted") ||
		c.module == nil || !c.kept
}

// allAnswered: at idle nothing is open, and each newest word is about what is on the disk, as
// far as the loop has heard of it.
func (s *simulation) allAnswered(idle flat.Event) {
	for _, dir := range s.dirs {
		c := s.sims[dir]
		known := s.loop.capsules[dir]
		if c.gone || known == nil || known.in == nil {
			continue
		}
		if c.open && !known.exam.warned {
			s.t.Errorf("event %d is idle, and what happened to %s has no verdict; the newest one is %d", idle.Seq, dir, c.judged.Seq)
		}
		if c.judged.Step == "sources" && !known.exam.warned {
			s.t.Errorf("event %d is idle, and the word on %s is that it cannot be read, which it can", idle.Seq, dir)
		}
		if c.owed {
			s.t.Errorf("event %d is idle, and nobody was told that a crash left a publication of %s which was completed", idle.Seq, dir)
		}
		if e := c.judged; c.told && e.Step != "sources" && !s.about(c, e) && e.Type != flat.Held && !strings.Contains(e.Reason, "interrupted") {
			s.t.Errorf("event %d is idle, and the word on %s is about %s; on the disk is %s", idle.Seq, dir, e.Key, c.content)
		}
	}
}

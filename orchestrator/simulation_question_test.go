package orchestrator

import (
	"fmt"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
)

// Questions and holds come at any moment. An answer must be about what was on the model's disk
// when the question was asked, or later; every question gets one; and of a capsule that is
// held nothing is built and nothing announced.

// was is what a capsule's sources were from a moment on.
type was struct {
	from    time.Time
	content string
}

// simQuestion is a question that has no answer yet.
type simQuestion struct {
	asked time.Time
	life  int
}

// note keeps what the disk holds now.
func (c *simCapsule) note(now time.Time) { c.history = append(c.history, was{now, c.content}) }

// had reports whether the sources were content at some moment from since on.
func (c *simCapsule) had(content string, since time.Time) bool {
	for i, w := range c.history {
		last := i == len(c.history)-1 || c.history[i+1].from.After(since)
		if last && hashOf(w.content) == content {
			return true
		}
	}
	return false
}

func (s *simulation) ask() {
	q := &simQuestion{asked: s.now, life: s.life}
	paths := []string{s.dirs[s.r.IntN(len(s.dirs))] + "/main.go"}
	if s.r.IntN(3) == 0 {
		paths = nil
	}
	s.questions = append(s.questions, q)
	question := &Question{Paths: paths, Taken: func(Moment) {}, Answer: func(list []Judged) {
		s.questions = slices.DeleteFunc(s.questions, func(other *simQuestion) bool { return other == q })
		for _, j := range list {
			s.judged(q, j)
		}
	}}
	s.tell(question)
	if s.r.IntN(10) == 0 {
		s.questions = slices.DeleteFunc(s.questions, func(other *simQuestion) bool { return other == q })
		s.later(someTime(s.r, time.Second), Withdraw{question})
	}
}

// judged holds one verdict of an answer against the disk.
func (s *simulation) judged(q *simQuestion, j Judged) {
	c := s.sims[j.Dir]
	content := "unreadable"
	for _, w := range c.history {
		if hashOf(w.content) == j.SourceHash {
			content = w.content
		}
	}
	switch {
	case j.Key == "" && c.judged.Step == "sources":
	case !c.had(j.SourceHash, q.asked):
		s.t.Errorf("%s: asked at %s, %s is judged by %s, and its sources were others since", s.clock(), q.asked.Format("15:04:05.000"), j.Dir, j.SourceHash)
	case j.State == event.Good && (c.module == nil || c.record != j.Key) && c.kept:
		s.t.Errorf("%s: %s is good by %s, and what stands is of %s", s.clock(), j.Dir, j.Key, c.record)
	case c.stirs(): // what its build read is not known
	case j.State == event.Good && breaks(content), j.State == event.Failed && !breaks(content) && !(c.debug && breaksAsRelease(content)) && c.said.Step != "stage":
		s.t.Errorf("%s: %s is %s by %s", s.clock(), j.Dir, j.State, content)
	}
}

// holdOn holds a capsule for a while, writes what does not build, and then what does.
func (s *simulation) holdOn(c *simCapsule) {
	known := s.loop.capsules[c.dir]
	if c.gone || s.leftAlone(c) || known == nil || known.work.job != nil && known.work.job.phase == publishing {
		return
	}
	s.count++
	h := &simHold{dir: c.dir, life: s.life, until: s.now.Add(time.Second + someTime(s.r, 10*time.Second))}
	id := fmt.Sprint(s.count)
	s.tell(&Hold{ID: id, Paths: []string{c.dir}, Until: h.until, Taken: func() {}})
	s.holds, c.released = append(s.holds, h), h.until
	for range s.r.IntN(4) {
		s.write(c, "wrong", true)
		s.play(someTime(s.r, time.Second))
	}
	if h.life != s.life {
		return
	}
	s.write(c, fmt.Sprint(s.r.IntN(200)), true)
	if s.r.IntN(4) > 0 { // else it ends by itself
		s.holds = slices.DeleteFunc(s.holds, func(other *simHold) bool { return other == h })
		c.released = s.now
		s.tell(Release{ID: id, Done: func(int) {}})
	}
}

type simHold struct {
	dir   string
	life  int
	until time.Time
}

func (s *simulation) leftAlone(c *simCapsule) bool {
	return slices.ContainsFunc(s.holds, func(h *simHold) bool { return h.dir == c.dir && h.life == s.life && s.now.Before(h.until) })
}

// heldBack checks that nothing is told of a capsule that is held.
func (s *simulation) heldBack(c *simCapsule, e flat.Event) {
	switch e.Type {
	case flat.Change, flat.BuildStarted, flat.Reload, flat.BuildFailed:
		if s.leftAlone(c) {
			s.t.Errorf("%s: %s is told of %s, which is held", s.clock(), e.Type, c.dir)
		}
	}
}

// allGotAnAnswer is for the end of a play.
func (s *simulation) allGotAnAnswer() {
	for _, q := range s.questions {
		if q.life == s.life {
			s.t.Errorf("what was asked at %s has no answer", q.asked.Format("15:04:05.000"))
		}
	}
}

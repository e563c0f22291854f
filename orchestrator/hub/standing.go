package hub

import (
	"cmp"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// standing is what the events that were published so far say about every capsule.
type standing struct {
	ready, idle bool
	page        string
	capsules    map[string]*event.Standing // by folder
	verdicts    map[string]event.Event     // by folder: in which event the state was given
}

func newStanding() standing {
	return standing{capsules: map[string]*event.Standing{}, verdicts: map[string]event.Event{}}
}

// take takes in e.
func (s *standing) take(e event.Event) {
	switch b := e.Body.(type) {
	case event.Warning, event.Snapshot, event.HookEnded: // they change nothing of what stands
		return
	case event.Live: // and these nothing of what is published
		s.of(e.Dir).Live = &event.Living{Runs: true, Key: b.Key, Hash: b.Hash, Runtime: b.Runtime, Reason: b.Reason, Since: e.Time}
		return
	case event.LiveFailed:
		s.of(e.Dir).Live = &event.Living{Key: b.Key, Hash: b.Hash, Runtime: b.Runtime, Reason: b.Reason, Since: e.Time}
		return
	case event.Ready:
		s.ready = true
		for _, w := range b.Watched {
			s.of(w.Dir).Capsule = w.Capsule
		}
		return
	case event.Idle:
		s.idle = true
		return
	case event.Serving:
		s.page = b.URL
		return
	case event.CapsuleRemoved:
		delete(s.capsules, e.Dir)
		delete(s.verdicts, e.Dir)
		return
	}
	s.idle = false
	c := s.of(e.Dir)
	c.Capsule = e.Capsule
	before := c.Verdict
	takeIn(c, e)
	if c.Verdict == before {
		return
	}
	u, stands := e.Body.(event.Unchanged)
	if _, said := s.verdicts[e.Dir]; !said || !stands || u.State == "" { // else what says more was said before
		s.verdicts[e.Dir] = e
	}
}

// of is the standing of the capsule in dir.
func (s *standing) of(dir string) *event.Standing {
	c := s.capsules[dir]
	if c == nil {
		c = &event.Standing{Subject: event.Subject{Dir: dir}, State: event.Unknown}
		s.capsules[dir] = c
	}
	return c
}

// takeIn changes c by an event that is about it.
func takeIn(c *event.Standing, e event.Event) {
	judged := func(state event.State, source string) {
		c.State, c.Building, c.SourceHash, c.Key = state, false, source, event.BasisOf(e.Body).Key
		c.Verdict, c.Since = e.Seq, e.Time
	}
	switch b := e.Body.(type) {
	case event.CapsuleAdded:
		c.SourceHash = b.SourceHash
	case event.Change:
		c.SourceHash = b.SourceHash
	case event.BuildStarted:
		c.Building, c.SourceHash = true, b.SourceHash
	case event.BuildSuperseded:
		c.Building = false
	case event.BuildFailed:
		judged(event.Failed, b.SourceHash)
	case event.SmokeFailed:
		judged(event.Failed, b.SourceHash)
	case event.Held:
		judged(event.OnHold, b.SourceHash)
	case event.Unchanged:
		judged(cmp.Or(b.State, event.Good), b.SourceHash)
		if b.Hash != "" { // else it tells nothing of what is published
			c.Artifact = b.Artifact
		}
		if b.Tests != nil {
			c.Tests = b.Tests
		}
	case event.Reload:
		judged(event.Good, b.SourceHash)
		c.Generation, c.Artifact, c.Tests = b.Generation, b.Artifact, b.Tests
	}
}

func (s *standing) snapshot() event.Snapshot {
	list := make([]event.Standing, 0, len(s.capsules))
	for _, c := range s.capsules {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b event.Standing) int { return strings.Compare(a.Dir, b.Dir) })
	return event.Snapshot{Ready: s.ready, Idle: s.idle, Standing: list, Page: s.page}
}

package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// pending asks the loop who waits, and who has capsules left alone.
func (s *Server) pending(ctx context.Context) (*Pending, error) {
	answers := make(chan orchestrator.Pending, 1)
	if err := s.ask(ctx, orchestrator.Look{Answer: func(p orchestrator.Pending) { answers <- p }}); err != nil {
		return nil, err
	}
	said, err := received(ctx, answers)
	p := &Pending{Holds: []Hold{}, Waits: []Waiting{}}
	for _, h := range said.Holds {
		p.Holds = append(p.Holds, Hold(h))
	}
	for _, w := range said.Waits {
		p.Waits = append(p.Waits, Waiting(w))
	}
	return p, err
}

var errEnds = errors.New("the watch ends")

// ask hands a request to the loop.
func (s *Server) ask(ctx context.Context, r orchestrator.Request) error {
	select {
	case s.o.Requests <- r:
		return nil
	case <-ctx.Done():
		return errEnds
	}
}

func received[T any](ctx context.Context, from <-chan T) (value T, err error) {
	select {
	case value = <-from:
		return value, nil
	case <-ctx.Done():
		return value, errEnds
	}
}

// tell hands on what a client leaves behind that may have gone, unless the watch ends.
func (s *Server) tell(r orchestrator.Request) {
	select {
	case s.o.Requests <- r:
	case <-s.ends:
	}
}

// describe adds to verdicts the events in which they were given.
func (s *Server) describe(token string, list []orchestrator.Judged) *Answer {
	a := &Answer{Token: token, Capsules: []Verdict{}}
	said := s.o.Hub.Verdicts()
	for _, j := range list {
		v := Verdict{Subject: j.Subject, State: j.State, Key: j.Key, SourceHash: j.SourceHash}
		if e, ok := said[j.Dir]; ok {
			v.Event, _ = json.Marshal(e)
		}
		a.Capsules = append(a.Capsules, v)
	}
	slices.SortFunc(a.Capsules, func(a, b Verdict) int { return strings.Compare(a.Dir, b.Dir) })
	return a
}

// verdicts are those that a snapshot is made of, with their events.
func (s *Server) verdicts(snapshot *event.Snapshot) []Verdict {
	var list []orchestrator.Judged
	for _, c := range snapshot.Standing {
		list = append(list, orchestrator.Judged{Subject: c.Subject, State: c.State, Key: c.Key, SourceHash: c.SourceHash})
	}
	return s.describe("", list).Capsules
}

// token is a moment of this run, as text.
func (s *Server) token(m orchestrator.Moment) string {
	return fmt.Sprintf("%s.%d.%d", s.place.Run, m.Examinations, m.Searches)
}

// moment is that of a token; zero for one of another run, whose question is asked anew.
func (s *Server) moment(token string) (m orchestrator.Moment) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[0] != s.place.Run {
		return m
	}
	examinations, err := strconv.ParseUint(parts[1], 10, 64)
	searches, err2 := strconv.ParseUint(parts[2], 10, 64)
	if err != nil || err2 != nil {
		return m
	}
	return orchestrator.Moment{Examinations: examinations, Searches: searches}
}

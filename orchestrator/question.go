package orchestrator

import (
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// Whoever edits may ask what came of it, and may have capsules left alone meanwhile. An
// answer is exact because of an examination that begins after the question: it reads the
// disk itself, so that no event needs to have come, and none can be late.

// Request is what is asked of a running loop: a Question, Withdraw, Look, Hold, Release or Retry.
type Request interface{ happening }

// Question asks what the verdict is on what is on disk now.
type Question struct {
	Paths []string // absolute: the capsules at, around and below them; none: all
	Since Moment   // zero: now; else that of an earlier answer, whose question this is

	// Taken is told the moment of the question as soon as it was taken in; Answer, once, the
	// verdicts. Both are called from Run's goroutine and must not block.
	Taken  func(Moment)
	Answer func([]Judged)
}

// Moment is when a question was asked, in examinations and searches that had begun. It means
// nothing to another run.
type Moment struct{ Examinations, Searches uint64 }

// Judged is the verdict on one capsule.
type Judged struct {
	event.Subject
	State      event.State
	Key        string // "": its sources cannot be read
	SourceHash string
}

// Withdraw takes a question back: nobody waits for its answer.
type Withdraw struct{ Question *Question }

func (q *Question) takeIn(l *loop, _ time.Time) {
	if q.Since == (Moment{}) {
		q.Since = Moment{l.examinations, l.searches}
		for _, dir := range l.order {
			if concerns(q.Paths, dir) {
				l.capsules[dir].exam.ask()
			}
		}
		l.rediscover()
	}
	q.Taken(q.Since)
	l.questions = append(l.questions, q)
}

func (w Withdraw) takeIn(l *loop, _ time.Time) {
	l.questions = slices.DeleteFunc(l.questions, func(q *Question) bool { return q == w.Question })
}

// answerQuestions answers those about which everything is known.
func (l *loop) answerQuestions() {
	l.questions = slices.DeleteFunc(l.questions, func(q *Question) bool {
		if !l.ready || l.searched <= q.Since.Searches {
			return false
		}
		var list []Judged
		for _, c := range l.about(q.Paths) {
			if !l.answers(c, q) {
				return false
			}
			list = append(list, c.judgement())
		}
		l.do(reply{q, list})
		return true
	})
}

// answers reports whether c's verdict is one that q may be answered with.
func (l *loop) answers(c *capsule, q *Question) bool {
	return c.exam.judged > q.Since.Examinations && l.concluded(c)
}

// about lists the capsules that paths are about. Of those around a path only the innermost counts.
func (l *loop) about(paths []string) (list []*capsule) {
	for _, dir := range l.order {
		around := func(path string) bool { return l.index().above(path) == dir || under(path, dir) }
		if len(paths) == 0 || slices.ContainsFunc(paths, around) {
			list = append(list, l.capsules[dir])
		}
	}
	return list
}

// concluded reports whether the verdict on c's newest examination stands, and was said.
func (l *loop) concluded(c *capsule) bool {
	if c.exam.warned {
		return true
	}
	said := c.standing.how == fresh || c.in != nil && (c.told.judged == c.in.Key || !c.in.Buildable)
	return said && c.judged() && !c.product.working
}

func (c *capsule) judgement() Judged {
	j := Judged{Subject: event.Subject{Capsule: c.name(), Dir: c.dir}, State: event.Failed}
	if c.exam.warned {
		return j
	}
	if j.State = c.standing.how.state(); j.State == "" {
		j.State = event.Good
	}
	j.Key, j.SourceHash = c.in.Key, c.in.SourceHash
	return j
}

// Retry asks to look at everything again and to build again what failed below Paths; none: everywhere.
type Retry struct{ Paths []string }

func (r Retry) takeIn(l *loop, now time.Time) { l.retry(r.Paths, now) }

// Hold leaves capsules alone: what lies between it and its Release is neither built nor
// announced, and what was published last stands. It ends at Until in any case.
type Hold struct {
	ID    string
	Paths []string // absolute: the capsules at, around and below them; none: all
	Until time.Time
	Taken func() // is told from Run's goroutine when it counts; it must not block
}

// Release ends the hold with this ID, or without one all on these paths.
type Release struct {
	ID    string
	Paths []string
	Done  func(ended int) // is told how many; likewise
}

func (h *Hold) takeIn(l *loop, _ time.Time) {
	l.holds = append(l.holds, h)
	for _, dir := range slices.Clone(l.order) {
		if c := l.capsules[dir]; concerns(h.Paths, dir) {
			count := c.work.superseded
			c.told.unanswered = c.told.unanswered || c.work.job != nil && !c.work.job.release && c.work.job.phase != publishing
			l.supersede(c, true)
			c.work.superseded = count
		}
	}
	h.Taken()
}

func (r Release) takeIn(l *loop, now time.Time) {
	n := l.endHolds(now, func(h *Hold) bool {
		if r.ID != "" {
			return h.ID == r.ID
		}
		return len(r.Paths) == 0 || len(h.Paths) == 0 || slices.ContainsFunc(h.Paths, func(path string) bool { return concerns(r.Paths, path) })
	})
	r.Done(n)
}

// endHolds ends those that are over. What they left alone is looked at now: the edit is whole.
func (l *loop) endHolds(now time.Time, over func(h *Hold) bool) (ended int) {
	var let []*Hold
	l.holds = slices.DeleteFunc(l.holds, func(h *Hold) bool {
		if !over(h) {
			return false
		}
		let = append(let, h)
		return true
	})
	for _, c := range l.list {
		held := slices.ContainsFunc(let, func(h *Hold) bool { return concerns(h.Paths, c.dir) })
		if held && !l.leftAlone(c) {
			c.burst.end()
			c.exam.ask()
		}
	}
	return len(let)
}

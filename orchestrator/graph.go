package orchestrator

import (
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/order"
)

// A capsule may take the module that another one publishes. It is built after
// that one, and what is published counts as a change of it, whether or not a
// watcher sees the file.

// graph is the order of the capsules, made anew after each change of it.
type graph struct {
	*order.Order
	list  []*capsule      // in that order
	named map[string]bool // circles of which somebody was told
	made  int             // orders so far
}

// inOrder are all capsules, each after those whose modules it takes. While the first looks at them are
// under way each look would make another order, and where there is nothing to build none is needed.
func (l *loop) inOrder() []*capsule {
	unknown, idle := false, true
	for _, c := range l.list {
		unknown = unknown || c.in == nil && !c.exam.gone && !c.exam.warned
		idle = idle && c.work.idle()
	}
	if !l.ready && unknown && idle {
		return l.list
	}
	return l.needs().list
}

// needs is the order of the capsules as they are now.
func (l *loop) needs() *graph {
	if l.graph.Order != nil {
		return &l.graph
	}
	parts := make([]order.Part, 0, len(l.order))
	for _, c := range l.list {
		p := order.Part{Dir: c.dir}
		if in := c.in; in != nil {
			p.Publishes, p.Takes = in.Publishes, in.Takes()
		}
		parts = append(parts, p)
	}
	l.graph.Order, l.graph.list = order.Of(parts), nil
	l.graph.made++
	for _, dir := range l.graph.Dirs {
		l.graph.list = append(l.graph.list, l.capsules[dir])
	}
	for _, ring := range l.graph.Cycles {
		l.nameCycle(ring)
	}
	return &l.graph
}

// nameCycle warns once of capsules that take each other's modules.
func (l *loop) nameCycle(ring []string) {
	key := strings.Join(ring, "\x00")
	if l.graph.named[key] {
		return
	}
	if l.graph.named == nil {
		l.graph.named = map[string]bool{}
	}
	l.graph.named[key] = true
	names := make([]string, len(ring))
	for i, dir := range ring {
		names[i] = l.capsules[dir].name()
	}
	message, hint := order.Warning(names)
	l.announceFor(l.capsules[ring[0]], event.Warning{Code: finding.CapsuleCycle, Files: slices.Clone(ring), Message: message, Hint: hint})
}

// awaits reports whether a capsule whose module c takes, itself or by way of
// others, is about to publish another one. A build that hangs stops those that
// need it only where there is no module of it yet.
func (l *loop) awaits(c *capsule, now time.Time) bool {
	if len(l.needs().Needs[c.dir]) == 0 {
		return false
	}
	return l.awaitsAny(c.dir, now, map[string]bool{c.dir: true})
}

func (l *loop) awaitsAny(dir string, now time.Time, seen map[string]bool) bool {
	for _, up := range l.needs().Needs[dir] {
		if seen[up] {
			continue
		}
		seen[up] = true
		if other := l.capsules[up]; other != nil && other.pending(now) || l.awaitsAny(up, now, seen) {
			return true
		}
	}
	return false
}

// pending reports whether c may soon publish something new.
func (c *capsule) pending(now time.Time) bool {
	switch {
	case c.exam.gone || c.hold.suspicion != nil:
		return false
	case c.product.amiss:
		return true
	case c.work.running() && c.standing.published != "":
		return !c.work.job.place.Slow(now)
	}
	return !c.work.idle() || !c.settled() && !c.exam.warned
}

// feed marks those who take what c has just published.
func (l *loop) feed(c *capsule, now time.Time) {
	for _, dir := range l.needs().Feeds[c.dir] {
		if other := l.capsules[dir]; other != nil && !l.stopping {
			other.change(now)
		}
	}
}

// notTaken is changed without the modules that c takes of others outside its own
// circle: those write them, and it cannot.
func (l *loop) notTaken(c *capsule, changed []string) []string {
	ups := l.needs().Needs[c.dir]
	return slices.DeleteFunc(slices.Clone(changed), func(path string) bool {
		return slices.ContainsFunc(ups, func(up string) bool {
			other := l.capsules[up]
			return other != nil && other.in != nil && slices.Contains(other.in.Publishes, path)
		})
	})
}

// inCycle reports whether what c publishes may lead to another build of it.
func (l *loop) inCycle(c *capsule) bool {
	return l.needs().Ring(c.dir) != nil
}

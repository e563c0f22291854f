package orchestrator

import (
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// rediscover looks for new capsules after a doubt, in the background.
func (l *loop) rediscover() {
	if l.finding {
		l.findMore = true
		return
	}
	l.finding = true
	l.searches++
	l.do(find{})
}

func (l *loop) found(dirs []string, err error, now time.Time) {
	l.finding, l.searched = false, l.searches
	if err != nil && !l.stopping {
		l.announce(event.Warning{Code: finding.SearchFailed, Message: "looking for capsules: " + err.Error(),
			Hint: "make the folder readable; the next change or r looks again"})
	}
	for _, dir := range dirs {
		if l.capsules[dir] == nil {
			l.add(dir).change(now)
		}
	}
	if l.findMore {
		l.findMore = false
		l.rediscover()
	}
}

// add makes dir known as a possible capsule; an examination decides.
func (l *loop) add(dir string) *capsule {
	c := &capsule{dir: dir, told: told{earlier: l.gone[dir]}}
	l.capsules[dir] = c
	at, _ := slices.BinarySearch(l.order, dir)
	l.order = slices.Insert(l.order, at, dir)
	if at == len(l.list) { // at start each of them: who goes over the list sees as many as there were
		l.list = append(l.list, c)
	} else {
		l.list = slices.Concat(l.list[:at], []*capsule{c}, l.list[at:])
	}
	l.reindex()
	return c
}

// remove forgets a capsule whose manifest is gone.
func (l *loop) remove(c *capsule) {
	l.busy = true
	delete(l.capsules, c.dir)
	l.gone[c.dir] = c.told.all()
	if at, ok := slices.BinarySearch(l.order, c.dir); ok {
		l.order, l.list = slices.Delete(l.order, at, at+1), slices.Concat(l.list[:at], l.list[at+1:])
	}
	l.reindex()
	if c.told.announced { // also where it was gone before anybody had looked at it: the list at start named it
		l.announceFor(c, event.CapsuleRemoved{})
		l.replan()
	}
}

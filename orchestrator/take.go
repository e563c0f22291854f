package orchestrator

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// warned passes a warning from elsewhere on.
func (l *loop) warned(w Warning) {
	e := event.Event{Capsule: w.Capsule, Dir: w.Dir, Body: w.Warning}
	if c := l.capsules[w.Dir]; c != nil {
		if c.work.job != nil && w.Code == finding.WaitingForLock {
			c.work.job.place.Block()
		}
		if e.Capsule == "" {
			e.Capsule = c.name()
		}
	}
	l.send(e)
}

// take maps a batch to the capsules that own its paths.
func (l *loop) take(batch watcher.Batch, now time.Time) {
	if batch.Lost && !l.placed {
		l.placed = true
		for _, dir := range l.order {
			c := l.capsules[dir]
			c.exam.dirty, c.exam.unnamed, c.burst.last = true, true, now // no burst: nobody has edited
		}
		l.rediscover() // what was made since discover, before there was a watch
		return
	}
	touched := map[*capsule]bool{}
	if batch.Lost {
		for _, c := range l.capsules {
			touched[c] = true
		}
		l.rediscover()
	}
	for _, path := range batch.Paths {
		l.touch(path, touched, now)
	}
	for _, path := range batch.Found { // nobody edited: nothing is said unless a look finds something new
		for _, dir := range l.index().of(path) {
			l.capsules[dir].exam.ask()
		}
	}
	for c := range touched {
		c.touched(now)
		c.exam.unnamed = c.exam.unnamed || batch.Lost
		c.burst.patient = c.burst.patient || len(touched) > storm
	}
}

// touch adds the capsules that path concerns to touched.
func (l *loop) touch(path string, touched map[*capsule]bool, now time.Time) {
	dir, isManifest := strings.CutSuffix(path, sep+tree.ManifestName)
	if isManifest && l.capsules[dir] == nil && !l.elsewhere(dir) && l.Wanted(dir) {
		l.add(dir)
	}
	for _, dir := range l.index().of(path) {
		c := l.capsules[dir]
		if c.isProduct(path) {
			c.doubted(now)
			if c.in.Problem() == nil { // else it may be what stood in the way
				continue
			}
		}
		c.exam.rules = c.exam.rules || isManifest || c.governs(path)
		c.notice(path)
		c.exam.tell(path)
		c.exam.saved = c.exam.saved || !c.passes(path)
		touched[c] = true
	}
}

// passes reports whether path is no source yet, and by its name will hardly be one: it is what a program writes beside a file, to
// put it in that file's place.
func (c *capsule) passes(path string) bool {
	rel, ok := strings.CutPrefix(path, c.dir+sep)
	if rel = filepath.ToSlash(rel); !ok || c.in == nil || holds(c.in, rel) || c.governs(path) {
		return false
	}
	name := rel[strings.LastIndexByte(rel, '/')+1:]
	if tree.IsPassing(name) {
		return true
	}
	folder := strings.TrimSuffix(rel, name)
	for end := strings.LastIndexByte(name, '.'); end > 0; end = strings.LastIndexByte(name[:end], '.') {
		if holds(c.in, folder+name[:end]) || holds(c.in, folder+strings.TrimPrefix(name[:end], ".")) {
			return true
		}
	}
	return false
}

// retry marks everything on paths as doubtful and what failed as never tried.
func (l *loop) retry(paths []string, now time.Time) {
	var dirs []string
	for _, c := range l.capsules {
		if !concerns(paths, c.dir) {
			continue
		}
		dirs = append(dirs, c.dir)
		c.product.mends = 0
		if c.standing.how != good {
			c.release()
			c.standing.forget()
			c.hold.feedback, c.work.superseded, c.work.retried = feedback{}, 0, true
		}
		c.change(now)
	}
	if l.Retried != nil {
		l.Retried(dirs)
	}
}

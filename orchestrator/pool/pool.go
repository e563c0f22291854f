// Package pool decides how many builds run beside each other, and which. The loop of watch
// and build asks it, and so does verify.
package pool

import "time"

// LendAfter is how long a build runs before it lends its place to another one.
const LendAfter = 30 * time.Second

// Pool is a number of places for builds. A build that waits for another process takes no
// place. One that hangs, or is merely slow, lends its own to another one, and that keeps
// it, so that one bad capsule does not stop the others: twice as many run at most.
//
// A Pool has no clock, no lock and no goroutine: whoever owns it says what time it is.
type Pool struct {
	places int
	taken  map[*Place]bool
	groups map[string]bool // those with a build under way
}

// Place is what one build takes. It belongs to the owner of its pool.
type Place struct {
	group   string
	since   time.Time
	blocked bool
}

// New returns a pool of so many places, at least one.
func New(places int) *Pool {
	return &Pool{places: max(1, places), taken: map[*Place]bool{}, groups: map[string]bool{}}
}

// Free reports whether another build may begin now. Builds of one group write into the same
// folder, so that never two of them run; "" is no group.
func (p *Pool) Free(group string, now time.Time) bool { return p.Room(now) > 0 && !p.groups[group] }

// Room is how many builds may begin now; 0 or less: none.
func (p *Pool) Room(now time.Time) int {
	quick, slow := 0, 0
	for place := range p.taken {
		switch {
		case place.blocked:
		case place.Slow(now):
			slow++
		default:
			quick++
		}
	}
	return p.places - quick - max(0, slow-p.places)
}

// Take begins a build of group. Whoever takes a place has asked Free.
func (p *Pool) Take(group string, now time.Time) *Place {
	place := &Place{group: group, since: now}
	p.taken[place] = true
	if group != "" {
		p.groups[group] = true
	}
	return place
}

// Leave ends a build. A second call does nothing.
func (p *Pool) Leave(place *Place) {
	if p.taken[place] {
		delete(p.taken, place)
		delete(p.groups, place.group)
	}
}

// Lends is when the next place is lent, unless its build ends before; zero: none will be.
func (p *Pool) Lends(now time.Time) (next time.Time) {
	for place := range p.taken {
		if at := place.since.Add(LendAfter); at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// Block notes that the build waits for another process, or did.
func (place *Place) Block() { place.blocked = true }

// Slow reports whether the build has run for so long that its place is lent.
func (place *Place) Slow(now time.Time) bool { return now.Sub(place.since) >= LendAfter }

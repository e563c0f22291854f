package watcher

import "time"

// idleTick is how often an idle watcher wakes. What it looks for then (sleep, a
// renamed folder far above a root, a parent that may not be read) is rare; more
// often would keep a laptop's processor awake.
const idleTick = 10 * time.Second

// retryAfter is how long after a refusal watches are asked for again. They come
// back when another program ends or someone raises the limit, by hand.
const retryAfter = 30 * time.Second

// seams are what tests replace. The zero value becomes the real thing.
type seams struct {
	open        func() (*notify, error)
	add         func(n *notify, path string) error // asks for a watch
	fileSystem  func(path string) (kind string, events bool, err error)
	slept       func() time.Duration
	budget      func() int            // descriptors that watches may hold; 0: any number
	descriptors func(path string) int // those of one watch
	idleTick    time.Duration
	retryAfter  time.Duration
	placed      func(*loop) // after each turn of the loop that may have placed watches
}

func (s *seams) fill() {
	setDefault(&s.idleTick, idleTick)
	setDefault(&s.retryAfter, retryAfter)
	if s.open == nil {
		s.open = openNotify
	}
	if s.add == nil {
		s.add = func(n *notify, path string) error { return n.watcher.Add(path) }
	}
	if s.fileSystem == nil {
		s.fileSystem = FileSystem
	}
	if s.slept == nil {
		s.slept = newSleepClock()
	}
	if s.budget == nil {
		s.budget = descriptorBudget
	}
	if s.descriptors == nil {
		s.descriptors = descriptors
	}
	if s.placed == nil {
		s.placed = func(*loop) {}
	}
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

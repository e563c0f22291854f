package watcher

// maxPending bounds the paths that wait for a slow receiver. A checkout of a
// few thousand files still names its capsules; beyond it hashing all of them is
// cheaper than remembering (4,096 paths of 100 bytes are half a megabyte).
const maxPending = 4096

// Pending is the batch in the making: what happened since the last one was taken. The zero
// Pending is empty. It belongs to one goroutine.
type Pending struct {
	paths []string
	found []string
	seen  map[string]struct{} // paths, as a set
	lost  bool
}

// Add notes that something happened at path.
func (p *Pending) Add(path string) {
	if p.lost {
		return
	}
	if _, ok := p.seen[path]; ok {
		return
	}
	if len(p.paths) == maxPending {
		p.Lose()
		return
	}
	if p.seen == nil {
		p.seen = make(map[string]struct{})
	}
	p.seen[path] = struct{}{}
	p.paths = append(p.paths, path)
}

// Find notes that path is watched from now on.
func (p *Pending) Find(path string) {
	if p.lost {
		return
	}
	if len(p.found) == maxPending {
		p.Lose()
		return
	}
	p.found = append(p.found, path)
}

// Lose notes that anything may have happened anywhere.
func (p *Pending) Lose() { *p = Pending{lost: true} }

// Any reports whether there is something to be sent.
func (p *Pending) Any() bool { return p.lost || len(p.paths) > 0 || len(p.found) > 0 }

// Batch is what would be sent now. It costs nothing, so that it can be offered
// again after each event.
func (p *Pending) Batch() Batch {
	return Batch{Paths: p.paths[:len(p.paths):len(p.paths)], Found: p.found[:len(p.found):len(p.found)], Lost: p.lost}
}

// Sent forgets the batch, which now belongs to the receiver.
func (p *Pending) Sent() { *p = Pending{} }

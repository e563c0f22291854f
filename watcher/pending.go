package watcher

// maxPending bounds the paths that wait for a slow receiver. A checkout of a
// few thousand files still names its capsules; beyond it hashing all of them is
// cheaper than remembering (4,096 paths of 100 bytes are half a megabyte).
const maxPending = 4096

// pending is the batch in the making.
type pending struct {
	paths []string
	seen  map[string]struct{} // paths, as a set
	lost  bool
}

func (p *pending) add(path string) {
	if p.lost {
		return
	}
	if _, ok := p.seen[path]; ok {
		return
	}
	if len(p.paths) == maxPending {
		p.lose()
		return
	}
	if p.seen == nil {
		p.seen = make(map[string]struct{})
	}
	p.seen[path] = struct{}{}
	p.paths = append(p.paths, path)
}

func (p *pending) lose() { *p = pending{lost: true} }

func (p *pending) any() bool { return p.lost || len(p.paths) > 0 }

// batch is what would be sent now. It costs nothing, so that it can be offered
// again after each event.
func (p *pending) batch() Batch {
	return Batch{Paths: p.paths[:len(p.paths):len(p.paths)], Lost: p.lost}
}

// sent forgets the batch, which now belongs to the receiver.
func (p *pending) sent() { *p = pending{} }

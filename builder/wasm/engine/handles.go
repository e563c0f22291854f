package engine

// handles gives every resource, stream and set a number of its own, over all tables.
type handles struct {
	last uint32
	held map[uint32]handle
}

// handle is what a number stands for.
type handle struct {
	rep  uint32
	lent bool // dropping it does not end the resource
	host bool // the resource is the host's
}

func (h *handles) add(v handle) uint64 {
	if h.held == nil {
		h.held = map[uint32]handle{}
	}
	h.last++
	h.held[h.last] = v
	return uint64(h.last)
}

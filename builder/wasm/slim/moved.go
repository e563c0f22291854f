package slim

// An edit that adds a function, or takes one away, moves those behind it. What is known of the older module then still counts
// for each function that only has another number: its body is like the older one's, and calls functions of the same types.

const (
	near  = 32 // functions: so far it is looked for the next ones that are alike, where some were added and others taken away
	sure  = 3  // functions in a row say that this is the place
	often = 16 // times all bodies are compared with others at most: a load of the whole takes longer
	worth = 16 // a note that does not know more than one in so many bytes is not worth it: the whole is loaded, and noted
)

// moved are two core modules of one kin. A body of the older is known to be valid there.
type moved struct {
	was, is [][]byte // bodies
	of      callees
	left    int // bytes of bodies that may still be compared
}

// movedTo is what n knows of c, which is of the same kin, by the numbers that functions have there; nil where that is not enough.
func (n *note) movedTo(c *core) *note {
	was, okWas := types(n.frame.functions)
	is, okIs := types(c.frame.functions)
	first, okFirst := imported(c.frame.imports)
	if !okWas || !okIs || !okFirst || len(was) != len(n.bodies) || len(is) != len(c.bodies) {
		return nil
	}
	known, all := 0, len(c.entries())
	m := moved{n.bodies, c.bodies, callees{first, was, is}, often * all}
	to := &note{path: n.path, frame: c.frame, locals: n.locals, ran: make([]bool, len(c.bodies)), bodies: make([][]byte, len(c.bodies))}
	for i, j := m.next(0, 0); i >= 0; i, j = m.next(i+1, j+1) {
		to.ran[j], to.bodies[j] = n.ran[i], c.bodies[j]
		known += len(c.bodies[j])
	}
	if known < all-all/worth {
		return nil
	}
	return to
}

// next are the first functions that are alike, from was[i] and is[j] on; -1 when there are no more.
func (m *moved) next(i, j int) (int, int) {
	if m.alike(i, j) {
		return i, j
	}
	for reach := 1; reach <= near; reach++ {
		for skip := range reach + 1 {
			if m.row(i+skip, j+reach-skip) {
				return i + skip, j + reach - skip
			}
		}
	}
	for reach := near + 1; i+reach < len(m.was) || j+reach < len(m.is); reach++ { // a whole package
		if m.row(i, j+reach) {
			return i, j + reach
		}
		if m.row(i+reach, j) {
			return i + reach, j
		}
	}
	return -1, -1
}

// row reports whether some functions in a row are alike, or all up to the end of both.
func (m *moved) row(i, j int) bool {
	for k := range sure {
		if k > 0 && i+k == len(m.was) && j+k == len(m.is) {
			return true
		}
		if !m.alike(i+k, j+k) {
			return false
		}
	}
	return true
}

// alike reports whether two functions are, as far as it may still be compared.
func (m *moved) alike(i, j int) bool {
	if m.left <= 0 || i >= len(m.was) || j >= len(m.is) || m.of.was[i] != m.of.is[j] {
		return false
	}
	m.left -= min(len(m.was[i]), len(m.is[j]))
	return alike(m.was[i], m.is[j], &m.of)
}

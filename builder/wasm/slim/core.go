package slim

import "bytes"

// cores finds the core modules in the file b that readCore takes, in their order.
func cores(b []byte, least int) (found []*core) {
	modules(b, func(module []byte, at int) {
		if c := readCore(module, least); c != nil {
			c.at = at
			found = append(found, c)
		}
	})
	return found
}

// core is a core module in a file with much code.
type core struct {
	module []byte // of the file
	at     int    // where it begins there
	code   section
	first  int      // where the first entry of the code section begins in module
	bodies [][]byte // with their sizes before them
	frame  frame    // which decides whether a body is valid
}

// readCore is the core module in b; nil for one that has less than least bytes of code, or that
// is not understood.
func readCore(b []byte, least int) *core {
	if len(b) < least {
		return nil
	}
	list, ok := sections(b)
	if !ok || !bytes.HasPrefix(b, []byte(coreHead)) {
		return nil
	}
	c := &core{module: b}
	for _, s := range list {
		if s.id != codeSection {
			continue
		}
		if c.code.end > 0 || s.end-s.body < least {
			return nil
		}
		c.code = s
	}
	if c.code.end == 0 || !c.readBodies() {
		return nil
	}
	c.frame = frameOf(b, list)
	if count, _ := number(c.frame.functions); count != len(c.bodies) { // it is not valid
		return nil
	}
	return c
}

func (c *core) readBodies() bool {
	content := c.module[c.code.body:c.code.end]
	count, at := number(content)
	if at == 0 || count > len(content) {
		return false
	}
	c.first = c.code.body + at
	c.bodies = make([][]byte, 0, count)
	for range count {
		size, n := number(content[at:])
		if n == 0 || size > len(content)-at-n {
			return false
		}
		c.bodies = append(c.bodies, content[at:at+n+size])
		at += n + size
	}
	return at == len(content)
}

// entries are all bodies of c, as they lie in the file.
func (c *core) entries() []byte { return c.module[c.first:c.code.end] }

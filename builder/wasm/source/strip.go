package source

import "bytes"

// Strip is a core module without what tells of its source: the debug information, and the address
// of a source map. With symbols the names and the notes of the linker go as well, as
// wasm-ld --strip-all leaves a module. Everything else stays byte for byte. told reports whether
// there was anything that tells lines; what is no core module is returned as it is.
func Strip(module []byte, symbols bool) (stripped []byte, told bool) {
	if !isWhole(module) {
		return module, false
	}
	return without(module, func(name string) bool {
		told = told || lines(name)
		return lines(name) || symbols && symbol(name)
	}), told
}

// isWhole reports whether module is a core module whose sections are as long as they say.
func isWhole(module []byte) bool {
	if !bytes.HasPrefix(module, []byte("\x00asm\x01\x00\x00\x00")) {
		return false
	}
	r := reader{rest: module[8:], at: 8}
	for r.more() {
		r.byte()
		r.sized()
	}
	return r.err == nil
}

// without is module without the custom sections whose names drop accepts. Its sections can be read.
func without(module []byte, drop func(name string) bool) []byte {
	out := append(make([]byte, 0, len(module)+markSize), module[:8]...)
	for r := (reader{rest: module[8:], at: 8}); r.more(); {
		whole := r.rest
		id := r.byte()
		content := r.sized()
		if id == 0 && drop(content.name()) {
			continue
		}
		out = append(out, whole[:len(whole)-len(r.rest)]...)
	}
	return out
}

// SameCode reports whether two core modules have the same code, byte for byte: then what one of
// them tells of an instruction holds for the other.
func SameCode(a, b []byte) bool {
	x, y := code(a), code(b)
	return x != nil && bytes.Equal(x, y)
}

// code is the content of the code section; nil: there is none.
func code(module []byte) []byte {
	if !bytes.HasPrefix(module, []byte("\x00asm\x01\x00\x00\x00")) {
		return nil
	}
	for r := (reader{rest: module[8:], at: 8}); r.more(); {
		id := r.byte()
		content := r.sized()
		if id == 10 && r.err == nil {
			return content.rest
		}
	}
	return nil
}

package source

import (
	"encoding/binary"
	"io"
	"math"
	"slices"
	"strings"
)

// Customs are the names of the custom sections of a core module, which r holds from its beginning; long names are cut.
// Only the heads of sections are read. A component's own count for none, as they tell nothing of a core module. It is not ok for what is
// neither, or has not its parts.
func Customs(r io.ReaderAt) (names []string, ok bool) {
	const most = 64 // bytes of a name that are kept: more than those that anybody asks for have
	head := make([]byte, most+10)
	_, err := r.ReadAt(head[:8], 0)
	switch begins := string(head[:8]); {
	case err == nil && begins == "\x00asm\x0d\x00\x01\x00":
		return nil, true
	case err != nil || begins != "\x00asm\x01\x00\x00\x00":
		return nil, false
	}
	for at := int64(8); ; {
		n, err := r.ReadAt(head, at)
		if n == 0 && err == io.EOF {
			return names, true
		}
		if n == 0 || err != nil && err != io.EOF {
			return nil, false
		}
		size, k := binary.Uvarint(head[1:n])
		if k <= 0 || size > math.MaxUint32 {
			return nil, false
		}
		content := head[1+k : n]
		if head[0] == 0 {
			length, k := binary.Uvarint(content)
			if k <= 0 || uint64(k) > size || length > size-uint64(k) || length > uint64(len(content)-k) && n < len(head) {
				return nil, false
			}
			names = append(names, string(content[k:][:min(length, uint64(len(content)-k))]))
		}
		at += int64(1+k) + int64(size)
		if size > 0 {
			if _, err := r.ReadAt(head[:1], at-1); err != nil { // the last byte is there
				return nil, false
			}
		}
	}
}

// Tells reports whether Strip would take something from a module with these custom sections.
func Tells(customs []string, symbols bool) bool {
	return slices.ContainsFunc(customs, func(name string) bool { return lines(name) || symbols && symbol(name) })
}

// TellWorld reports whether a core module with these custom sections carries its world.
func TellWorld(customs []string) bool {
	return slices.ContainsFunc(customs, func(name string) bool { return strings.HasPrefix(name, "component-type") })
}

// MapSection is the custom section with the address of a source map.
const MapSection = "sourceMappingURL"

// lines reports whether a custom section of that name tells lines of the source.
func lines(name string) bool {
	return strings.HasPrefix(name, ".debug_") || name == MapSection
}

// symbol reports whether one of that name is what wasm-ld --strip-all drops besides.
func symbol(name string) bool {
	return name == "name" || name == "producers" || name == "target_features"
}

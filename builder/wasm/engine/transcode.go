package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

var (
	errCopy = errors.New("a string passed between components lies outside the memory")
	errText = errors.New("a string passed between components is not text in its encoding")
)

// transcode copies a string between two components' memories, as Wasmtime's own
// transcoders do (wasmtime-environ, fact/transcode.rs, has the meaning of each form).
func (g *Guest) transcode(f *reader.HostFunction) api.GoModuleFunc {
	return func(_ context.Context, _ api.Module, stack []uint64) {
		t := &transcoder{from: g.memory(&f.From), to: g.memory(&f.To), stack: stack}
		if t.from == nil || t.to == nil {
			panic(errCopy)
		}
		t.run(f.Function)
	}
}

// transcoder is one call: source address, source units, target address, and more.
type transcoder struct {
	from, to api.Memory
	stack    []uint64
}

func (t *transcoder) run(form string) {
	units := int(uint32(t.stack[1]))
	switch form {
	case "utf8-to-utf8":
		t.write(checked(t.read(units)))
	case "latin1-to-latin1":
		t.write(t.read(units))
	case "utf16-to-utf16":
		b := t.read(2 * units)
		wellFormed(b)
		t.write(b)
	case "latin1-to-utf16":
		t.write(wide(latin1(t.read(units))))
	case "utf8-to-utf16":
		b := wide([]rune(string(checked(t.read(units)))))
		t.write(b)
		t.stack[0] = uint64(len(b) / 2)
	case "utf16-to-utf8":
		t.narrow(wellFormed(t.read(2*units)), 2)
	case "latin1-to-utf8":
		t.narrow(latin1(t.read(units)), 1)
	case "utf8-to-latin1", "utf16-to-latin1":
		t.latin(form == "utf16-to-latin1", units)
	case "utf8-to-compact-utf16", "utf16-to-compact-utf16":
		t.widen(form == "utf16-to-compact-utf16", units)
	case "utf16-to-compact-probably-utf16":
		t.compact(wellFormed(t.read(2 * units)))
	default:
		panic(errors.New("a string is passed between components in the unknown form " + form))
	}
}

func (t *transcoder) read(n int) []byte {
	b, ok := t.from.Read(uint32(t.stack[0]), uint32(n))
	if !ok || n < 0 {
		panic(errCopy)
	}
	return append([]byte(nil), b...) // the memories may be one and the same
}

func (t *transcoder) write(b []byte) { t.writeAt(0, b) }

func (t *transcoder) writeAt(offset uint32, b []byte) {
	if !t.to.Write(uint32(t.stack[2])+offset, b) {
		panic(errCopy)
	}
}

// narrow writes as much UTF-8 as fits, and answers how many units of the source it took
// and how many bytes it wrote.
func (t *transcoder) narrow(text []rune, width int) {
	room := int(uint32(t.stack[3]))
	var b []byte
	taken := 0
	for _, c := range text {
		if len(b)+utf8.RuneLen(c) > room {
			break
		}
		b = utf8.AppendRune(b, c)
		taken += 1
		if width == 2 && c > 0xffff {
			taken++
		}
	}
	t.write(b)
	t.stack[0], t.stack[1] = uint64(taken), uint64(len(b))
}

// latin writes Latin-1 up to the first character that is none, and answers how many units
// of the source it took and how many bytes it wrote.
func (t *transcoder) latin(fromWide bool, units int) {
	var text []rune
	if fromWide {
		text = wellFormed(t.read(2 * units))
	} else {
		text = []rune(string(checked(t.read(units))))
	}
	var b []byte
	taken := 0
	for _, c := range text {
		if c > 0xff {
			break
		}
		b = append(b, byte(c))
		taken++
		if !fromWide && c > 0x7f {
			taken++
		}
	}
	t.write(b)
	t.stack[0], t.stack[1] = uint64(taken), uint64(len(b))
}

// widen makes UTF-16 of the Latin-1 already written, and appends the rest of the source.
func (t *transcoder) widen(fromWide bool, units int) {
	written := uint32(t.stack[4])
	var rest []rune
	if fromWide {
		rest = wellFormed(t.read(2 * units))
	} else {
		rest = []rune(string(checked(t.read(units))))
	}
	before, ok := t.to.Read(uint32(t.stack[2]), written)
	if !ok {
		panic(errCopy)
	}
	b := append(wide(latin1(before)), wide(rest)...)
	t.write(b)
	t.stack[0] = uint64(len(b) / 2)
}

// compact writes Latin-1 if all of the text is, else UTF-16 with the tag in the length.
func (t *transcoder) compact(text []rune) {
	b := make([]byte, 0, len(text))
	for _, c := range text {
		if c > 0xff {
			b = wide(text)
			t.write(b)
			t.stack[0] = uint64(len(b)/2) | 1<<31
			return
		}
		b = append(b, byte(c))
	}
	t.write(b)
	t.stack[0] = uint64(len(b))
}

func checked(b []byte) []byte {
	if !utf8.Valid(b) {
		panic(errText)
	}
	return b
}

// wellFormed decodes UTF-16; a surrogate without its other half traps.
func wellFormed(b []byte) []rune {
	codes := make([]uint16, len(b)/2)
	for i := range codes {
		codes[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	for i := 0; i < len(codes); i++ {
		if !utf16.IsSurrogate(rune(codes[i])) {
			continue
		}
		if i+1 == len(codes) || utf16.DecodeRune(rune(codes[i]), rune(codes[i+1])) == utf8.RuneError {
			panic(errText)
		}
		i++
	}
	return utf16.Decode(codes)
}

func latin1(b []byte) []rune {
	text := make([]rune, len(b))
	for i, c := range b {
		text[i] = rune(c)
	}
	return text
}

func wide(text []rune) []byte {
	var b []byte
	for _, c := range utf16.Encode(text) {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	return b
}

//go:build ignore

// Command assemble writes a capsule's module byte by byte: it answers every
// astrid-hook-trigger with "continue" and the text of the file it is given.
// The module goes where $CAPSULE_OUT says. It carries its world, of which astrid-dev makes a component.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
)

const (
	resultAt = 16 // where the capsule-result record lies; below it nothing, so that no address is 0
	textAt   = 64 // where the strings begin
	page     = 64 << 10

	i32 = 0x7f
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "assemble:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 || os.Getenv("CAPSULE_OUT") == "" {
		return fmt.Errorf("usage: CAPSULE_OUT=module.wasm go run assemble.go greeting.json")
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	world, err := os.ReadFile("world.bin")
	if err != nil {
		return err
	}
	made := append(module(bytes.TrimSpace(text)), section(0, append(sized([]byte("component-type:capsule")), world...))...)
	return os.WriteFile(os.Getenv("CAPSULE_OUT"), made, 0o644)
}

// module is a core module with the canonical form of the contract.
func module(text []byte) []byte {
	action := "continue"
	record := words(textAt, len(action), min(len(text), 1), textAt+len(action), len(text))
	end := textAt + len(action) + len(text)
	pages := end/page + 17 // 1 MiB for what the caller writes
	var out []byte
	out = append(out, "\x00asm\x01\x00\x00\x00"...)
	four := []byte{0x60, 4, i32, i32, i32, i32, 1, i32} // (i32 i32 i32 i32) -> i32
	out = append(out, section(1, vector(four))...)
	out = append(out, section(3, vector([]byte{0}, []byte{0}))...) // both functions have that type
	out = append(out, section(5, vector(append([]byte{0}, number(pages)...)))...)
	out = append(out, section(6, vector(global(end)))...)
	out = append(out, section(7, vector(export("memory", 2, 0), export("cabi_realloc", 0, 0), export("astrid-hook-trigger", 0, 1)))...)
	out = append(out, section(10, vector(body(realloc()), body(trigger(end))))...)
	return append(out, section(11, vector(data(resultAt, record), data(textAt, append([]byte(action), text...))))...)
}

// realloc hands out memory from the global's value upwards:
// free = (free + align - 1) & -align; return free, then free += size.
func realloc() []byte {
	code := []byte{0x23, 0, 0x20, 2, 0x6a, 0x41, 1, 0x6b} // free + align - 1
	code = append(code, 0x41, 0, 0x20, 2, 0x6b, 0x71)     // & (0 - align)
	code = append(code, 0x22, 0, 0x20, 3, 0x6a, 0x24, 0)  // local 0 = it; free = it + size
	return append(code, 0x20, 0)                          // return local 0
}

// trigger gives back the memory of the arguments and returns the record's address.
func trigger(free int) []byte {
	return append(append(constant(free), 0x24, 0), constant(resultAt)...)
}

func constant(value int) []byte { return append([]byte{0x41}, signed(value)...) }

func global(value int) []byte { return append(append([]byte{i32, 1}, constant(value)...), 0x0b) }

func body(code []byte) []byte { return sized(append(append([]byte{0}, code...), 0x0b)) }

func data(at int, content []byte) []byte {
	return append(append(append([]byte{0}, constant(at)...), 0x0b), sized(content)...)
}

func export(name string, kind, index byte) []byte { return append(sized([]byte(name)), kind, index) }

func section(id byte, content []byte) []byte { return append([]byte{id}, sized(content)...) }

func sized(content []byte) []byte { return append(number(len(content)), content...) }

func vector(items ...[]byte) []byte { return append(number(len(items)), bytes.Join(items, nil)...) }

// number is LEB128.
func number(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// signed is signed LEB128, for a number that is not negative.
func signed(n int) []byte {
	out := number(n)
	if last := out[len(out)-1]; last >= 0x40 { // its highest bit would be a sign
		out[len(out)-1] |= 0x80
		out = append(out, 0)
	}
	return out
}

func words(values ...int) []byte {
	var out []byte
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, uint32(v))
	}
	return out
}

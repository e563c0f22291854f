package script

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// huge is 2^32-1: what a vector of the killers claims to hold.
var huge = []byte{0xff, 0xff, 0xff, 0xff, 0x0f}

// function is a module of one function () -> () with the given code, which is
// exported as _initialize, or else the start function.
func function(start bool, code ...byte) []byte {
	body := append(append([]byte{0}, code...), 0x0b)
	sized := testkit.Sized(body)
	entry := testkit.Section(7, testkit.Vector(append(testkit.Sized("_initialize"), 0, 0)))
	if start {
		entry = testkit.Section(8, []byte{0})
	}
	return testkit.Core(testkit.Section(1, testkit.Vector([]byte{0x60, 0, 0})), testkit.Section(3, testkit.Vector([]byte{0})), testkit.Section(5, testkit.Vector([]byte{0, 1})),
		entry, testkit.Section(10, testkit.Vector(sized)))
}

// wasi is a module whose _initialize is code and may call function 0, an import of WASI with three types to choose from.
func wasi(name string, typ byte, data string, code ...byte) []byte {
	body := append(append([]byte{0}, code...), 0x0b)
	return testkit.Core(
		testkit.Section(1, testkit.Vector([]byte{0x60, 0, 0}, []byte{0x60, 1, 0x7f, 0}, []byte{0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f})),
		testkit.Section(2, testkit.Vector(slices.Concat(testkit.Sized("wasi_snapshot_preview1"), testkit.Sized(name), []byte{0, typ}))),
		testkit.Section(3, testkit.Vector([]byte{0})),
		testkit.Section(5, testkit.Vector([]byte{0, 2})),
		testkit.Section(7, testkit.Vector(append(testkit.Sized("_initialize"), 0, 1), append(testkit.Sized("memory"), 2, 0))),
		testkit.Section(10, testkit.Vector(testkit.Sized(body))),
		testkit.Section(11, testkit.Vector(slices.Concat([]byte{0, 0x41, 0, 0x0b}, testkit.Sized(data)))))
}

// loop is `loop br 0 end`, grow the same with memory.grow 1 before the branch.
var (
	loop = []byte{0x03, 0x40, 0x0c, 0, 0x0b}
	grow = []byte{0x03, 0x40, 0x41, 1, 0x40, 0, 0x1a, 0x0c, 0, 0x0b}
)

// modules by the name that the script command wasm takes.
func modules() map[string][]byte {
	oneType := testkit.Section(1, testkit.Vector([]byte{0x60, 0, 0}))
	good := function(false)
	// 21 and 33 bytes that end a process which gives them to wazero unchecked.
	killer21 := testkit.Core(oneType, testkit.Section(10, huge))
	killer33 := testkit.Core(oneType, testkit.Section(3, testkit.Vector([]byte{0})), testkit.Section(10, []byte{1, 11, 1}, huge, []byte{0x7f, 1, 1, 0x0b, 0x0b}))
	// 1600 calls of fd_write(2, iovec at 8, 1, 4) with 64 KiB each, the counter in memory at 0.
	print := []byte{0x03, 0x40, 0x41, 2, 0x41, 8, 0x41, 1, 0x41, 4, 0x10, 0, 0x1a,
		0x41, 0, 0x41, 0, 0x28, 2, 0, 0x41, 1, 0x6a, 0x36, 2, 0, // counter += 1
		0x41, 0, 0x28, 2, 0, 0x41, 0xc0, 0x0c, 0x48, 0x0d, 0, 0x0b} // again while it is below 1600
	return map[string][]byte{
		"good":           good,
		"better":         append(slices.Clone(good), testkit.Section(0, testkit.Sized("better"))...),
		"empty":          {},
		"text":           []byte("this is no module\n"),
		"truncated":      good[:len(good)-3],
		"killer21":       killer21,
		"killer33":       killer33,
		"loop":           function(false, loop...),
		"start-loop":     function(true, loop...),
		"memory-bomb":    function(false, grow...),
		"4GiB":           testkit.Core(testkit.Section(5, testkit.Vector(append([]byte{0}, binary.AppendUvarint(nil, 65536)...)))),
		"deep":           function(false, append(bytes.Repeat([]byte{0x02, 0x40}, 1_000_000), bytes.Repeat([]byte{0x0b}, 1_000_000)...)...),
		"exit":           wasi("proc_exit", 1, "", 0x41, 7, 0x10, 0),
		"stderr-100MB":   wasi("fd_write", 2, "\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x01\x00", print...),
		"unreachable":    function(false, 0x00),
		"since-0.8.0":    sinceRelease(),
		"component-type": append(slices.Clone(good), testkit.Section(0, testkit.Sized("component-type:x"), []byte("\x00asm\x0d\x00\x01\x00"))...),
	}
}

// cmdWasm writes a module: wasm NAME FILE.
func cmdWasm(ts *testscript.TestScript, _ bool, args []string) {
	module, ok := modules()[args[0]]
	if !ok {
		ts.Fatalf("no module is called %s", args[0])
	}
	if size := 0; len(args[0]) == len("killer21") {
		if _, err := fmt.Sscanf(args[0], "killer%d", &size); err == nil && len(module) != size {
			ts.Fatalf("%s has %d bytes", args[0], len(module))
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), module, 0o644))
}

// sinceRelease is a component that exports astrid-install: func(), and imports
// enumerate-capabilities: func() -> list<string> of astrid:sys/host@1.0.0, which the
// runtime has from 0.8.0 on. builder/smoke's release_test.go writes the same one.
func sinceRelease() []byte {
	component, err := hex.DecodeString(
		"0061736d0d00010007260142030170730140000000040016656e756d65726174652d6361706162696c697469657301010a1a0100156173747269643a" +
			"7379732f686f737440312e302e300500011f0061736d0100000001040160000003020100070501016100000a040102000b0204010000000607010000" +
			"010001610705014000010008060100000000010b1401000e6173747269642d696e7374616c6c010000")
	if err != nil {
		panic(err)
	}
	return component
}

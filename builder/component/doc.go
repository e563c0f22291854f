// Package component decodes WebAssembly binaries: components and the core modules in them.
//
// [Sniff] tells what some bytes are, [Decode] reads a component into a tree of
// definitions whose indices have all been checked, [DecodeModule] reads a core module down to
// every instruction, [RenameImports] and [Bridge] make the modules that a core-only engine
// needs to instantiate a component's core instance graph.
//
// The input is hostile. Nothing is allocated for a count that the remaining bytes cannot
// hold, depth and the number of definitions are bounded, every index is checked against what
// has been defined before it, and every failure is an [*Error] with the byte offset and the
// section. Nothing here reads files, starts goroutines or keeps state: every function may be
// called concurrently, and every result may be read concurrently.
//
// Results refer to the input by byte ranges; strings are copies, so that the input may be
// dropped or changed after decoding.
package component

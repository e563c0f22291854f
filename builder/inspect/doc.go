// Package inspect asks a built module what it can do: it holds the tools that the module
// describes against its manifest, and runs the capsule's tests, all in one child process that
// reads and compiles the module once.
//
// The files call one way, from top to bottom:
//
//	inspect.go   one module
//	replay.go    what its calls do otherwise than those of another module
//	describe.go  what a module answers when it is asked for its tools
//	wiring.go    tools against the manifest
package inspect

// Package tests runs the tests of a capsule: the calls of its tools that the files tests/*.toml
// in its folder tell, each in a world of its own, and what each of them is expected to do.
//
// docs/tests.md has the format. A test never sees the clock, the network or the files of this
// machine, so the same module gives the same outcome every time. The guest that runs the tests
// is the caller's; it is used by one goroutine at a time.
//
// The files call one way, from top to bottom:
//
//	record.go   a call, written into a file as a test
//	update.go   what came out, written into the files
//	came.go     what came in the place of what was expected
//	run.go      tests are run
//	again.go    what need not be run again
//	observe.go  what their calls did, to compare two modules
//	expect.go   what came out against what was expected
//	read.go     what the files say
//	net.go      what the network answers
//	field.go    one value of a file, with its place
//	value.go    values of TOML and JSON
//	summary.go  what came of all tests
package tests

// Package engine carries out what the reader has planned: it starts a module or component in
// wazero, within limits, with a host that its caller gives it, and calls its exports.
//
// It is safe against every input only inside a child process with limits of its own: a guest
// that recurses without a loop cannot be stopped from inside.
//
// The files call one way, from top to bottom:
//
//	child.go      a child process that serves, and what it reads
//	garbage.go    what a child's load leaves, and when it is collected
//	kept.go       what was compiled, for the next load
//	carryout.go   the steps of a plan
//	data.go       what memories begin with
//	intrinsic.go  the functions of the engine itself
//	transcode.go  strings from one encoding to another
//	trigger.go    calls of the contract function
//	guest.go      a module that is brought to life
//	handles.go    numbers that stand for resources
//	sandbox.go    wazero within its limits
//	listen.go     which functions run
//	budget.go     the memory of all instances
//	trap.go       how a guest died
//	lines.go      where in the author's source that was
//	module.go     a module in a file
//	deadline.go   the end of a load, by two clocks
//	usage*.go     what a process has used
package engine

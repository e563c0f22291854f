// Package smoke loads a module in a sandbox and reports what it found.
//
// LoadFile, and Prepare for who has time before, load in a child that has hard limits: only
// the child is safe against every input.
//
// The files call one way, from top to bottom:
//
//	child.go      a load in a child with hard limits
//	serve.go      the child's side
//	answers.go    what a child says
//	compare.go    what changed from one report to the next
//	declared.go   what a manifest says, for the judgement
//	slim.go       a load of what changed, where that says the same
//	smoke.go      a load in this process, and its limits
//	load.go       a module is read, started and judged
//	read.go       what the bytes say
//	calls.go      calls of the contract function
//	ready.go      a run loop that says it is ready
//	host.go       the host's functions, which answer with zeros
//	readiness.go  what a call of the host means for that signal
//	kernel.go     whether the kernel would run it
//	release.go    the same for other releases
//	judgement.go  a verdict in the making
//	text.go       a report for a person
//	work.go       one load
//	capture.go    what the guest wrote
//	report.go     what a load found
package smoke

// Package builder builds one capsule once: manifest, toolchain, run, stage, smoke, publish.
//
// Recover finishes what a crash left, Examine says what a build would depend on, Build
// makes and smoke-loads the modules without touching what is published, and looks at the
// inputs again, Publish puts in place what was built from what is still there.
// All four are synchronous and leave no goroutine and no process behind, but for the one that
// Options.Spare asks for.
// They may be called concurrently for different capsules; for one capsule
// only Examine may run beside another call.
//
// The files call one way, from top to bottom:
//
//	known.go    what the records say of a capsule, without a build
//	cause.go    why a verdict was due, file by file
//	causefiles.go  the files of that, noted as bytes
//	restore.go  what was published is put back
//	build.go    Build: a capsule is built and staged
//	share.go    results that machines share
//	elsewhere.go  another machine builds
//	promise.go  what a staged capsule promises to others, and what other releases say of it
//	children.go  what loads and calls what a build makes
//	inspect.go  what was built is asked for its tools, and tested
//	before.go   what stands published, to compare it with that
//	examine.go  Examine: what a build would depend on
//	publish.go  Publish, and Recover
//	builder.go  a Builder and its options
//	spare.go    children that wait for the next build
//	kept.go     looks at sources that the next process goes by
//	load.go     what was built is smoke-loaded
//	verdict.go  failures that another build would repeat
//	failure.go  what the disk refuses, in words
//	suspend.go  every command that runs is stopped for a while
//	staged.go   a build that has ended, and what is published
//	quality.go  a module for who waits, and one for others
//	inputs.go   everything one build depends on, and what is known of builds of it
package builder

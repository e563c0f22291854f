// Package verify says whether capsules are sound: what they are made of, that they build and load.
//
// Run checks every capsule where it lies, and builds it in a copy of its workspace, so that
// the tree stays as it was found and may be read-only; nothing is published and no record
// of earlier builds is believed.
//
// The files call one way, from top to bottom:
//
//	verify.go      the run from its beginning to the report
//	rounds.go      every build, and a second time
//	selection.go   what is copied, and which capsules are left to verify
//	first.go       the steps of one capsule
//	second.go      the second build, and whether it made the same
//	installed.go   what the real runtime says
//	against.go     what a change breaks
//	releases.go    what a release of the runtime judges otherwise than another
//	prove.go       what others can check
//	others.go      what builds did to other capsules
//	artifact.go    whether what is committed is what the sources build
//	needs.go       whose modules others take, and in which order all are built
//	mutation.go    what a build did to its own inputs
//	findings.go    findings as the original tree has them
//	cause.go       why two modules usually differ like that
//	function.go    whose code a byte is
//	difference.go  where two modules differ
//	run.go         the run, and what it tells of its progress
//	journal.go     what a run that was killed has found already
//	job.go         one capsule and its steps
//	config.go      what the caller asks
//	shard.go       one of several runs that share the capsules
package verify

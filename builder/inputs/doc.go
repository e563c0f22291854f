// Package inputs finds out what a build of a capsule depends on, at one moment: its sources, the
// files outside of them, the recipe, and the key of all that. It only reads.
//
// The files call one way, from top to bottom:
//
//	take.go     what a build depends on is looked up
//	sources.go  sources are looked at, and read where they may have changed
//	reads.go    files that are no sources
//	toolong.go  paths that are too long for most tools
//	takes.go    where other capsules may publish what it takes
//	glance.go   some of them are looked at again
//	change.go   what changed since the last run of the tool
//	inputs.go   the inputs, and in what two of them differ
package inputs

// Package check finds what is wrong with a capsule without building it.
//
// It goes further than builder/capsule, which judges the manifest alone: check
// looks at the files around it (Cargo.toml, .cargo/config.toml, package.json,
// the files that the manifest names) and at the faults that real capsules
// have. Nothing is run and nothing is written, but by Fix.
//
// The files call one way, from top to bottom:
//
//	check.go    the looks, and capsule beside capsule
//	fix.go      what can be mended without asking
//	runtime.go  what the runtime would refuse
//	rust.go     a crate and its configuration
//	files.go    files that the manifest names
//	tools.go    tools and their schemas
//	inert.go    tables and keys that nobody reads
//	capsule.go  one capsule while it is checked
package check

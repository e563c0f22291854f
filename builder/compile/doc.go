// Package compile runs a capsule's build command and makes what it left into modules: it
// makes products look old that a tool would believe wrongly, runs the tool, understands what it
// wrote, finds its modules, and wraps those that ask for it. It knows neither how the inputs were
// found nor where anything is published.
//
// The files call one way, from top to bottom:
//
//	run.go      the tool runs, and its modules are collected
//	elsewhere.go  the tool runs on another machine
//	outdate.go  products that it would believe wrongly are made to look old
//	fetched.go  crates that cargo fetched, which never change
//	lines.go    what tells of the source is kept apart
//	wrap.go     a component is made of a core module
//	build.go    a build under way, and what it has made
package compile

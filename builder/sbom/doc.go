// Package sbom says what is in a module: a software bill of materials, as CycloneDX 1.6 has it.
//
// What it goes by is in the module (its producers section, and what Go's linker writes), and, for
// a crate, in Cargo.lock, which names every crate that the build may have used: those that only
// tests or build scripts need are among them. The same module and lock give the same bytes.
//
// The files call one way, from top to bottom:
//
//	sbom.go       the bill of a module
//	cyclonedx.go  the format
//	goinfo.go     what Go's linker writes
//	cargolock.go  what Cargo.lock names
package sbom

// Package sbom says what is in a module: a software bill of materials, as CycloneDX 1.6 has it.
//
// What it goes by is in the module (its producers section, and what Go's linker writes), and, for
// a crate, what cargo says that it is made of, with the hashes of Cargo.lock. Build scripts, macros and
// their crates made the module and are not in it: their scope is excluded. The same module, lock and
// cargo give the same bytes.
//
// The files call one way, from top to bottom:
//
//	sbom.go       the bill of a module
//	cyclonedx.go  the format
//	goinfo.go     what Go's linker writes
//	cargolock.go  what Cargo.lock names
//	cargotree.go  which of that is in the module
package sbom

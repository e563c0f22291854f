// Package attest says what was verified so that others can check it, with tools of their own.
//
// An attestation is an in-toto statement (https://in-toto.io/Statement/v1) whose predicate is SLSA's
// provenance (https://slsa.dev/provenance/v1), in a DSSE envelope, a line for each capsule that passed:
// the form of in-toto's bundles (.intoto.jsonl), which cosign and slsa-verifier read.
//
// The files call one way, from top to bottom:
//
//	check.go      what an attestation says, and whether a file is what it is about
//	write.go      the attestations of a run
//	statement.go  a statement
//	source.go     where the sources are from
package attest

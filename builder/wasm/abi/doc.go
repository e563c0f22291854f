// Package abi passes values between a host and a guest as the canonical ABI of the Component
// Model says: it lifts a guest's arguments out of its stack and memory, and lowers results.
//
// A guest gives any pointer and any number. What the ABI does not allow is an error, which the
// caller makes a trap; nothing here panics on it, and a call lifts no more than a budget.
//
// The facts are those of the Component Model's CanonicalABI.md: sizes and alignments, flat
// forms, and what traps.
//
// The files call one way, from top to bottom:
//
//	bind.go    plain Go functions as functions of a component's host
//	golang.go  Go values of typed values, and back
//	call.go    a call: parameters from the stack, the result to where it belongs
//	lift.go    values out of a guest
//	lower.go   values into a guest
//	json.go    values as JSON, for people
//	guest.go   what is needed of a guest
//	text.go    strings in a guest's encoding
//	parse.go   types from the reader's canonical text
//	layout.go  where a type's parts lie
//	types.go   what types and values are
package abi

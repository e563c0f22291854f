// Package live keeps a runtime up with what stands published: it is the reader of the hub that
// installs each reload, and says what the runtime answered.
//
// The runtime is the session's own, private one, or the user's. What differs between the two is
// how a connection to it is had, what is done when it takes no more installs for now, and
// that the user's keeps what it is given: there the last good package is put back after one
// that was refused.
//
// A reload that a newer one overtakes is not installed, and nothing is said of it.
//
// Its files, from top to bottom:
//
//	live.go       takes what is reloaded, begins and ends
//	install.go    carries the plan out, in the runtime that is there
//	say.go        events
//	parcel.go     packs what was reloaded
//	contracts.go  the SDK's WIT that goes with it
//	logs.go       the capsules' own words
//	runtime.go    what it is installed in
//	plan.go       decides what is installed next, and touches nothing
//	limiter.go    the runtime's limit on installs
package live

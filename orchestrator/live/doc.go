// Package live keeps a runtime up with what stands published: it is the reader of the hub that
// installs each reload, and says what the runtime answered.
//
// The runtime is the session's own, private one, or the user's. What differs between the two is
// how a connection to it is had, what is done when it takes no more installs for now, and
// that the user's keeps what it is given: there the last good package is put back after one
// that was refused.
//
// The layers of its files: limiter.go, the runtime's limit; plan.go, which decides what is
// installed next and touches nothing; parcel.go, which packs what was reloaded; logs.go, the
// capsules' own words; install.go, which carries the plan out; live.go.
package live

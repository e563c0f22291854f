// Package behaviour says what changed in what calls of a capsule do, from one module to the next.
//
// A call in a deterministic world is observed once for each module: what it answered, published,
// wrote and stored, which functions of the host it used, and how it died. Two observations of the
// same call differ only where the capsule behaves otherwise: the order of keys in JSON, times of
// the world's clock, lines of the log and how long it took are no behaviour.
//
// The files call one way, from top to bottom:
//
//	compare.go  what differs between two modules
//	observe.go  what one call did
package behaviour

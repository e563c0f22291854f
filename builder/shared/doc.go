// Package shared says what a result that machines share means, and believes one only when it
// can be checked.
//
// What is shared is an entry: a signed statement that the build of a key made these modules.
// Whoever reads one checks the signature against the keys that it trusts, and every byte
// against the digests in it; the builder then loads the modules as if it had made them. So a
// store is never trusted: one that lies, hangs, is full or goes away costs a warning and a build.
//
// A Cache is safe for concurrent use. It starts no goroutine.
//
// The files call one way, from top to bottom:
//
//	cache.go   entries are found, fetched and offered
//	trouble.go what goes wrong with a store, and when nobody asks it any more
//	blob.go    modules, checked while they are read
//	entry.go   what an entry says
//	work.go    what another machine does, and what comes of it
//	store.go   what a store of entries and modules can do
package shared

// Package dir keeps shared results in a folder, which several processes may use at once.
//
// Every file is written beside its place, synced and renamed, so that it is whole or not there,
// also after kill -9. The folder may be deleted at any time: that costs builds.
//
//	entries/ab/abcd...   an entry, under its key
//	blobs/ab/abcd...     a module, under its BLAKE3
//	claims/abcd...       locked by the process that builds what has this key
//	trim                 locked by the process that removes what is old
//
// The times of files say when they were used last.
//
// The files call one way, from top to bottom:
//
//	claim.go  of several processes that miss the same result, one builds it
//	dir.go    entries and modules
//	trim.go   what was not used for long is removed
package dir

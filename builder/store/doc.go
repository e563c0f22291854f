// Package store is a capsule's folder target/astrid-dev and what stands published of it: the
// record of the last publication, copies of modules by their hashes, the lock, notes of the
// last run, the verdict of the last failure. It knows records and files, not what a capsule
// or a build is: whoever calls it says what may be published where.
//
// Publication is crash-safe: an intent (the next record) is written, every module is
// renamed into place, the intent is renamed to the record. Recover completes what a crash
// interrupted.
//
// The files call one way, from top to bottom:
//
//	recover.go  what a crash interrupted is completed
//	lock.go     the lock of a capsule
//	restore.go  what was published is put back
//	publish.go  modules are renamed into place
//	record.go   the record of the last publication
//	note.go     notes of the last run, and the verdict of the last failure
//	folder.go   a capsule's folder as it is written to
//	store.go    the names in it, and what need not be asked of the disk again
package store

// Package tree walks a capsule's sources and hashes them.
//
// Every walk of the program goes through here, so that watching, polling and
// hashing see the same files. The digest is the one that the ecosystem's own
// watcher computes: BLAKE3 over, for each source file in order,
//
//	u64 LE len(path) | path | u64 LE len(content) | content
//
// where path is relative, "/"-joined, with each maximal invalid part replaced
// by one U+FFFD, and the order compares raw names folder by folder: a/b comes
// before a-b, and that before a.txt.
//
// The files call one way, from top to bottom:
//
//	capsules.go   capsules are looked for
//	foreign.go    other repositories' work trees
//	checkout.go   what git would check out
//	indexlock.go  git at work
//	tracked.go    what git tracks
//	outside.go    inputs that are no sources
//	reach.go      what patterns may reach
//	keptoutline.go an outline that a later process goes by
//	kept.go       a snapshot that a later process goes by
//	retake.go     a snapshot that goes by an earlier one
//	looked.go     what has other times than it had
//	opener.go     folders, opened one after the other
//	differs.go    whether one file holds something else
//	take.go       a snapshot of the sources
//	read.go       all files are hashed in their order
//	reader.go     files are read, some at a time
//	copied.go     files that did not change are taken from a copy
//	lossy.go      paths as the digest has them
//	walk.go       the sources, in the order of the digest
//	outline.go    folders as a search saw them
//	explain.go    which rule leaves a path out
//	memory.go     what a later look goes by
//	rules.go      which paths are sources
//	default.go    a capsule's own rules
//	git.go        what git ignores
//	gitindex.go   git's index
//	gitignore.go  git's patterns
//	wildmatch.go  one pattern
//	coding.go     files as bytes
//	snapshot.go   files as they were at one moment
//	digest.go     the hash of a tree
//	files.go      one file's copy and hash
//	names.go      names that mean something
//	tree.go       errors
package tree

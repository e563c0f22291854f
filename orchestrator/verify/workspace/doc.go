// Package workspace knows what a capsule needs around it: the folder that must be copied for
// it to build, the copies that a run builds in, and which capsules a change in git touches.
// It reads the original tree and never writes there, and knows nothing of builds.
//
// The files call one way, from top to bottom:
//
//	copies.go      the copies of one run
//	changed.go     what differs from a commit, and which capsules that touches
//	at.go          repositories as they were at a commit
//	copy.go        one copy
//	choice.go      what a copy starts with
//	git.go         asking git
//	repository.go  git's own folder, in the original and the copy
//	mirror.go      where a path lies in a copy
//	find.go        which folder must be copied
package workspace

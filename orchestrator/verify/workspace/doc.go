// Package workspace knows what a capsule needs around it: the folder that must be copied for
// it to build, the copies that a run builds in, and which capsules a change in git touches.
// It reads the original tree and never writes there, and knows nothing of builds.
//
// The layers of its files, from top to bottom; each uses only those after it: copies.go,
// changed.go; copy.go; choice.go; git.go; repository.go; mirror.go, temp.go; find.go.
package workspace

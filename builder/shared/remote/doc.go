// Package remote speaks Bazel's Remote Execution API, version 2 (github.com/bazelbuild/remote-apis): it
// keeps shared results on a server, and has the machines behind it run the commands of builds.
// An entry is the result of an action whose command names the key, and modules are blobs of the
// content-addressable storage. What a command reads is a tree of Directory messages.
//
// The digest function is the server's: BLAKE3 where it has it, else SHA-256. Blobs that fit go
// many to a message, others as a stream, compressed by zstd where the server takes that.
// Nothing is tried twice: what a server does not do at once costs a build.
//
// The files call one way, from top to bottom:
//
//	remote.go   entries and modules
//	execute.go  commands
//	fetch.go    what commands made
//	blobs.go    blobs, one by one or as a stream
//	tree.go     what commands read
//	dial.go     the connection, and what the server can do
//	digest.go   digests and the names of resources
package remote

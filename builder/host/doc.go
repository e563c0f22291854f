// Package host is the world that a capsule lives in, in memory: what Astrid's runtime offers
// to a guest, with the runtime's own rules, errors and limits, and nothing of this machine.
//
// A World answers the functions of the host's interfaces, as plain Go functions (package abi
// binds them). Time, randomness, configuration, files, keys and answers of people come from
// Options. What a guest did is in the Record: log lines, publications, files, host calls, and
// which capability it lacked.
//
// What each function does was read in the runtime's crate astrid-capsule 2026.10.1, in the
// folder engine/wasm/host; a file here has the name of its file there. docs/host.md has what
// differs, and why.
//
// The files call one way, from top to bottom:
//
//	functions.go  which Go function answers for which function
//	sys.go        configuration, log, time, random bytes, capabilities
//	ipc.go        publications and subscriptions
//	kv.go         keys and values
//	fs.go         files
//	http.go       requests to the web
//	hops.go       one of them on its way, through the same gates wherever it is led to
//	exchange.go   answers of the web that were recorded
//	net.go        connections
//	listener.go   connections of others
//	stream.go     a connection's bytes
//	conversation.go connections that were recorded
//	process.go    programs
//	background.go programs that outlive an instance
//	people.go     approval and answers
//	identity.go   who is who elsewhere
//	uplink.go     messages to people
//	io.go         waiting, and streams that are over
//	reach.go      who may be reached over the network
//	world.go      what all of them share
//	path.go       where a path of a guest leads to
//	program.go    one program of the machine
//	program_*.go  groups and signals
//	fault.go      errors as a guest gets them
//	tree.go       files in memory over a folder
//	bus.go        messages between publishers and subscribers
//	handlers.go   which handlers a topic has
//	topic.go      which pattern a topic fits
//	record.go     what a guest did
//	options.go    what a world is made with
package host

// Package guest runs a built module in the world of package host, in a child process that has
// hard limits, and calls it as often as it is asked to.
//
// Start loads a module. Call and Deliver then have it do something, and tell what it
// answered and what it did. After Rest the child can load another one, as long as all goes well: what it made of the code is
// kept for one that differs in its data alone. Guest code runs in the child only; the child has no environment,
// and a limited address space and processor time. A Guest is used by one goroutine at a time.
//
// The files call one way, from top to bottom:
//
//	guest.go     the parent's side: a child that is asked again and again
//	lines.go     answers out of a stream of bytes
//	main.go      the child's side: requests and answers
//	player.go    a guest without the code that it does not run
//	request.go   one request
//	peers.go     other capsules on its bus
//	session.go   a module that has been loaded, and its calls
//	runloop.go   a guest that runs on between calls
//	bridge.go    functions of the host for the engine
//	protocol.go  what goes between the two
package guest

// Package ask lets another process ask a running watch: for a verdict, for how everything
// stands, for its events, and to leave capsules alone for a while.
//
// A watch listens at a Unix socket in a folder of its user's own, on Windows at a named pipe; see
// place.go and transport_*.go. Who asks connects, writes one request as a line of JSON, and reads lines of JSON until the answer;
// closing the connection takes the request back. There is one request a connection, so that
// nobody who asks can block another.
//
// The files call one way, from top to bottom:
//
//	server.go       a watch listens
//	answer.go       one who asks is answered
//	loop.go         what the loop is asked for that, and its verdicts
//	client.go       a process asks
//	place.go        where a watch is found
//	transport_*.go  the socket or the pipe
//	owner_*.go      whose a folder is
//	message.go      what is said
package ask

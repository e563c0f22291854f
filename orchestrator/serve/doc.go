// Package serve shows a watch in a browser: it is one more reader of the hub, behind a page.
//
// What the page asks for, programs may ask too: the stream of events, how everything stands, the
// tools of a capsule, a call of one. docs/page.md says how. Nothing of it changes what is watched.
//
// The files call one way, from top to bottom:
//
//	serve.go    listens, and ends with the watch
//	events.go   the stream
//	capsule.go  what a capsule is, its tools, and calls of them
//	state.go    how everything stands, at one event
//	history.go  the builds that were
//	page.go     the page's files
//	answer.go   answers and errors in JSON
//	guard.go    who may ask
//	address.go  where the server listens
package serve

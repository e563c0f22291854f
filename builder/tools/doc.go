// Package tools describes and calls the tools of a capsule that a guest has loaded, as the
// runtime's broker does it: over topics and the handlers that the manifest names for them.
//
// The files call one way, from top to bottom:
//
//	call.go      a tool is called
//	describe.go  what tools there are
//	dispatch.go  handlers, one after another
//	schema.go    arguments that fit a tool's schema
//	around.go    capsules beside one, that hear it
//	world.go     the world that a manifest asks for
package tools

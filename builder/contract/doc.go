// Package contract says what a capsule promises to others, and what a change of it asks of its
// version.
//
// A contract is what others can see: exports and imports of the module, topics, tools with their
// schemas, capabilities, and the settings that a user is asked for. What a tool does when it is
// called is none of it.
//
// The files call one way, from top to bottom:
//
//	version.go   the version that changes ask for
//	compare.go   what differs between two contracts
//	schema.go    what differs between the schemas of a tool
//	place.go     where an author wrote down what a change is about
//	contract.go  what a contract is, and that of a manifest
//	wit.go       what is in the interfaces of a world
package contract

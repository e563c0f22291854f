// Package testkit is what the tests of several rooms need: files and capsules, programs in
// PATH, git, WebAssembly modules, writers that stand still, waiting, and the one rule about
// what may be skipped. It is imported by tests only.
package testkit

// Package servers starts servers of the Remote Execution API for tests: BuildGrid, and one of
// our own, in memory, that has every fault it is told to have.
package servers

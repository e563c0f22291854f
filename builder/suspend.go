package builder

import "github.com/astrid-runtime/astrid-dev/builder/proc"

// Suspend stops every command that runs, builds and smoke loads alike, and those
// that begin meanwhile, until Resume. It is for a program that is stopped itself.
func Suspend() { proc.Suspend() }

// Resume continues what Suspend stopped.
func Resume() { proc.Resume() }

//go:build !unix

package smoke

// misbehave does nothing where there are no signals and sessions.
func misbehave(string) {}

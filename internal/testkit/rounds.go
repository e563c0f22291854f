package testkit

import "os"

// Thorough reports whether ASTRID_DEV_THOROUGH is set, as in CI: tests that draw their cases
// at random, or try one after the other of a long list, then try all that they are made for.
// A plain run tries enough to find what breaks often, at a fraction of the cost.
func Thorough() bool { return os.Getenv("ASTRID_DEV_THOROUGH") != "" }

// Rounds is how many cases are tried: plain, or thorough ones.
func Rounds(plain, thorough int) int {
	if Thorough() {
		return thorough
	}
	return plain
}

package testkit

import "os"

// Rounds is how many cases are tried by a test that draws them at random, or takes one after the
// other of a long list. Where ASTRID_DEV_THOROUGH is set, as in CI, that is all that it is made for;
// a plain run tries enough to find what breaks often, at a fraction of the cost.
func Rounds(plain, thorough int) int {
	if os.Getenv("ASTRID_DEV_THOROUGH") != "" {
		return thorough
	}
	return plain
}

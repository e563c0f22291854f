package testkit

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Dice is what t draws its cases with: other ones in each run. A failed test says with which
// ASTRID_DEV_SEED it draws the same ones again.
func Dice(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("ASTRID_DEV_SEED"); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		Check(t, err)
		seed = given
	}
	t.Logf("ASTRID_DEV_SEED=%d draws the same cases", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

package testkit

import (
	"flag"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Rounds is how many cases are tried by a test that draws them at random, or takes one after the
// other of a long list. Where ASTRID_DEV_THOROUGH is set, as in CI, that is all that it is made for;
// a plain run tries enough to find what breaks often, at a fraction of the cost.
func Rounds(plain, thorough int) int {
	if os.Getenv("ASTRID_DEV_THOROUGH") != "" {
		return thorough
	}
	return plain
}

// Mutations is Rounds for a test that tries mutants: as many as ASTRID_DEV_MUTATIONS says, by hand.
func Mutations(t testing.TB, plain, thorough int) int {
	t.Helper()
	text := os.Getenv("ASTRID_DEV_MUTATIONS")
	if text == "" {
		return Rounds(plain, thorough)
	}
	n, err := strconv.Atoi(text)
	Check(t, err)
	return n
}

// LeftOut reports whether one of the long tests is left out of this run: a plain one of everything takes
// each at one run in longOdds. Where the tests are chosen with -run, or none may be skipped, none is left out.
func LeftOut() bool {
	chosen := flag.Lookup("test.run")
	all := chosen != nil && chosen.Value.String() != "" || os.Getenv("ASTRID_DEV_NO_SKIP") != ""
	return !all && Rounds(1, 0) == 1 && rand.IntN(longOdds) > 0
}

// longOdds is such that a plain run takes about three minutes of a processor.
const longOdds = 10

// Long is for a test that costs more than 0.4 seconds of a processor, and for one of many cases that are tried
// elsewhere too: it skips what is LeftOut.
func Long(t testing.TB) {
	t.Helper()
	if LeftOut() {
		t.Skip(TakesAll)
	}
}

// TakesAll is why a long test is left out.
const TakesAll = "this run leaves it out, ASTRID_DEV_THOROUGH=1 takes all"

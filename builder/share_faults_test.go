package builder

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/seal"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/builder/shared/remote"
	"github.com/astrid-runtime/astrid-dev/builder/shared/remote/servers"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// dice decide what a server does wrong with each question.
type dice struct {
	mu     sync.Mutex
	random *rand.Rand
}

func (d *dice) fault() servers.Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.random.IntN(3) > 0 {
		return servers.None
	}
	return servers.Fault(d.random.IntN(int(servers.Faults)))
}

var lyingBuilds = flag.Int("lying-builds", testkit.Rounds(15, 150), "how many builds TestSharedLyingServer makes")

// Whatever the server does, what is built is what the sources say, and what does not build
// fails. Each build begins with a cache of its own, as a process does. -lying-builds 1000 takes five
// minutes.
func TestSharedLyingServer(t *testing.T) {
	testkit.Long(t)
	key, err := seal.NewKey()
	testkit.Check(t, err)
	random := testkit.Dice(t)
	server := servers.Start(t)
	server.Zstd, server.Batch = true, 100
	server.Fault = (&dice{random: rand.New(rand.NewPCG(random.Uint64(), 1))}).fault
	count := filepath.Join(t.TempDir(), "runs")
	dir := tallied(t, count, `test "$(tail -c 4 src.bin)" != fail && cat src.bin > "$CAPSULE_OUT"`)
	long := string(make([]byte, 200)) // goes as a stream
	sources := []string{string(variant("one")), string(variant("two")), string(variant("three")) + long + "fail"}
	for i := range 3 {
		sources = append(sources, string(empty)+"\x00\xc9\x01\x01"+fmt.Sprint(i)+long[1:])
	}
	rounds := *lyingBuilds
	var total shared.Stats
	for i := range rounds {
		source := random.IntN(len(sources))
		testkit.Write(t, filepath.Join(dir, "src.bin"), sources[source])
		store, err := remote.Open(remote.Config{Address: server.Address})
		testkit.Check(t, err)
		c := shared.New(shared.Options{Store: store, Name: "the server", Key: key, Trust: []*seal.Public{&key.Public}, Again: 10, Timeout: 100 * time.Millisecond})
		oneBuild(t, i, New(Options{Shared: c, Verify: true}), dir, sources[source], source == 2)
		testkit.Check(t, c.Close())
		s := c.Stats()
		total.Hits, total.Misses, total.Lies, total.Refused = total.Hits+s.Hits, total.Misses+s.Misses, total.Lies+s.Lies, total.Refused+s.Refused
		total.Offered, total.Failures, total.Again, total.Differed = total.Offered+s.Offered, total.Failures+s.Failures, total.Again+s.Again, total.Differed+s.Differed
	}
	t.Logf("%d builds: %+v", rounds, total)
	for what, n := range map[string]int{"hits": total.Hits, "lies": total.Lies, "entries refused": total.Refused, "failures": total.Failures, "offers": total.Offered} {
		if n == 0 && rounds >= 50 { // of fewer, chance decides
			t.Errorf("no %s in %d builds: the test looks at nothing", what, rounds)
		}
	}
	if total.Differed > 0 {
		t.Errorf("%d hits were not what the sources make", total.Differed)
	}
}

// oneBuild builds once, and wants the verdict that the source has.
func oneBuild(t *testing.T, i int, b *Builder, dir, source string, fails bool) {
	t.Helper()
	staged, err := b.Build(t.Context(), examine(t, b, dir), nil)
	defer staged.Discard()
	var failure *finding.Failure
	if fails {
		if !errors.As(err, &failure) || failure.Step != finding.StepBuild {
			t.Fatalf("build %d: a build that fails ended with %v", i, err)
		}
		return
	}
	testkit.Check(t, err)
	if got := testkit.Read(t, staged.Modules[0].Path); got != source {
		t.Fatalf("build %d made %q of %q (shared %v)", i, got, source, staged.Shared)
	}
}

package reader

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// featureSets are those that the known releases have, each once.
func featureSets() (sets [][]string) {
	seen := map[string]bool{}
	for _, r := range astrid.Releases() {
		if key := strings.Join(r.Features, ","); !seen[key] {
			seen[key] = true
			sets = append(sets, r.Features)
		}
	}
	return sets
}

// buildOracle builds the reader's crates for this machine, once a user.
func buildOracle(t *testing.T) string {
	t.Helper()
	cargo, err := exec.LookPath("cargo")
	if err != nil {
		testkit.Skip(t, "cargo is not installed")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(cache, "astrid-dev-test", "oracle")
	cmd := exec.Command(cargo, "build", "--release", "--locked", "--quiet", "--target-dir", target)
	cmd.Dir = "oracle"
	if out, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("requires rustc")) || bytes.Contains(out, []byte("linker")) {
			testkit.Skip(t, "the oracle cannot be built here: %s", out)
		}
		t.Fatalf("building the oracle: %v\n%s", err, out)
	}
	return filepath.Join(target, "release", "astrid-reader-oracle")
}

// sample is one module with the verdict of each set of features.
type sample struct {
	module   []byte
	verdicts []string
}

// TestReaderIsTheOracle holds reader.wasm against the same crates on this machine: the core
// test suite, modules and components that wasm-smith makes, and mutants. Every verdict is
// the same to the letter, so that no invalid one passes and no valid one is refused. What is made is
// made anew in each run, of which a plain one compares a tenth.
func TestReaderIsTheOracle(t *testing.T) {
	testkit.Long(t)
	count := testkit.Mutations(t, 1_000, 10_000) / 10 // of each of four kinds
	seeds, err := filepath.Glob("../../smoke/testdata/kernel/*.wasm")
	if err != nil || len(seeds) == 0 {
		t.Fatal("no seeds")
	}
	sets := featureSets()
	args := append([]string{strconv.Itoa(count), strconv.FormatUint(testkit.Dice(t).Uint64(), 10)}, append(seeds, moreSeeds()...)...)
	args = append(args, "--")
	for _, set := range sets {
		args = append(args, strings.Join(set, ","))
	}
	cmd := exec.CommandContext(t.Context(), buildOracle(t), args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	samples := make(chan sample, 64)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for s := range samples {
				if !t.Failed() {
					compare(t, s, sets)
				}
			}
		})
	}
	n, invalid, taken := 0, 0, testkit.Rounds(1, 10)
	in := bufio.NewReaderSize(out, 1<<20)
	for {
		s, err := next(in, len(sets))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
		if s.verdicts[len(sets)-1] != "" {
			invalid++
		}
		if rand.IntN(10) < taken {
			samples <- s
		}
	}
	close(samples)
	wait.Wait()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d modules and components, %d of them invalid in the newest release, %d sets of features", n, invalid, len(sets))
	if n < 2*count || invalid == 0 || invalid == n {
		t.Errorf("the oracle gave %d samples, %d of them invalid: that holds nothing", n, invalid)
	}
}

// moreSeeds are components of real toolchains, where another test has built them.
func moreSeeds() []string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	var list []string
	for _, name := range []string{"c", "rust", "rust.core", "c.core"} {
		found, _ := filepath.Glob(filepath.Join(cache, "astrid-dev-test", "smoke-*", name+".wasm"))
		list = append(list, found...)
	}
	return list
}

func next(in io.Reader, sets int) (s sample, err error) {
	if s.module, err = chunk(in); err != nil {
		return s, err
	}
	for range sets {
		text, err := chunk(in)
		if err != nil {
			return s, fmt.Errorf("the oracle ended in the middle: %w", err)
		}
		s.verdicts = append(s.verdicts, string(text))
	}
	return s, nil
}

func chunk(in io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, err
	}
	b := make([]byte, binary.LittleEndian.Uint32(head[:]))
	_, err := io.ReadFull(in, b)
	return b, err
}

func compare(t *testing.T, s sample, sets [][]string) {
	r, err := Shared()
	if err != nil {
		t.Error(err)
		return
	}
	for i, set := range sets {
		reading, err := r.Read(t.Context(), s.module, Request{Features: set})
		if err != nil {
			t.Errorf("%v\n%x", err, s.module[:min(len(s.module), 2000)])
			return
		}
		got := ""
		if f := reading.Fault; f != nil {
			got = fmt.Sprintf("%s at %d", f.Message, f.Offset)
		}
		// A length near 4 GiB overflows in 32 bits; both refuse, each in its own words.
		same := got == s.verdicts[i] || strings.HasPrefix(got, "a length in it goes beyond its end") && s.verdicts[i] != ""
		if !same {
			t.Errorf("%q, the oracle says %q\n%x", got, s.verdicts[i], s.module[:min(len(s.module), 2000)])
			return
		}
	}
}

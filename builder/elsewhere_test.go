package builder

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/builder/shared/remote"
	"github.com/astrid-runtime/astrid-dev/builder/shared/remote/servers"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// behind is the machine behind server, as another process has it.
func behind(t *testing.T, server *servers.Liar, timeout time.Duration) shared.Machine {
	t.Helper()
	store, err := remote.Open(remote.Config{Address: server.Address, Timeout: timeout, Properties: []string{"os=Linux", "container-image=docker://x"}})
	testkit.Check(t, err)
	t.Cleanup(func() { store.Close() })
	return store
}

// The other machine gets what the build reads, and none of the secrets; what it makes is loaded
// here; what it says has this machine's paths. Equal builds of two checkouts are one there.
func TestElsewhere(t *testing.T) {
	testkit.Needs(t, "sh")
	for _, blake := range []bool{true, false} {
		server := servers.Start(t)
		server.Runs, server.BLAKE3, server.Zstd, server.Batch = true, blake, blake, 60
		count := filepath.Join(t.TempDir(), "runs")
		script := `test -z "$SECRET" && test ! -e target/astrid-dev/lock && mkdir -p dist && cat src.bin > dist/copy.wasm && echo "made $CAPSULE_DIR/dist for $CAPSULE_OUT_DIR"`
		for round := range 2 {
			dir := tallied(t, count, script)
			var said bytes.Buffer
			b := New(Options{Machine: behind(t, server, 0), Env: append(os.Environ(), "SECRET=1")})
			staged, err := b.Build(t.Context(), examine(t, b, dir), &said)
			if err != nil {
				t.Fatal(err, staged.Findings)
			}
			if !staged.Elsewhere || len(staged.Modules) != 1 || !staged.Modules[0].Report.Loads {
				t.Errorf("it was built here: %v", staged.Findings)
			}
			if want := "made " + dir + "/dist for " + staged.work + "/out\n"; !strings.Contains(said.String(), want) {
				t.Errorf("it said %q, want %q", said.String(), want)
			}
			staged.Discard()
			if ran, action := server.Ran(); ran != 1 || runs(t, count) != 1 || len(action.GetPlatform().GetProperties()) != 2 {
				t.Errorf("round %d: %d commands, %v", round, ran, action)
			}
		}
	}
}

// Whatever keeps another machine from building, it is built here, and said; and where only that
// machine may build, it is a failure.
func TestElsewhereFaults(t *testing.T) {
	testkit.Long(t)
	testkit.Needs(t, "sh")
	count := filepath.Join(t.TempDir(), "runs")
	for _, tt := range []struct {
		name, say string
		build     string
		set       func(*servers.Liar)
	}{
		{"no machine", "runs no commands", counts, func(s *servers.Liar) { s.Runs = false }},
		{"gone", "connect", counts, func(s *servers.Liar) { s.Stop() }},
		{"fails", "ended with 3: no such thing", "test \"$HERE\" || { echo no such thing >&2; exit 3; }; " + counts, nil},
		{"no tool", "ended with 127", "test \"$HERE\" || astrid-no-such-tool || exit; " + counts, nil},
		{"too slow", "in time", "test \"$HERE\" || sleep 60; " + counts, nil},
		{"makes no module", "left no module", "test -z \"$HERE\" || " + counts, nil},
		{"makes another thing", "not WebAssembly", `test "$HERE" || { echo junk > "$CAPSULE_OUT"; exit 0; }; ` + counts, nil},
		{"full", "takes no more", counts, fault(servers.Full)},
		{"hangs", "in time", counts, fault(servers.Hangs)},
		{"takes no command", "did not say within 300ms", counts, func(s *servers.Liar) { s.Deaf = true }},
		{"fails always", "500", counts, fault(servers.Failing)},
		{"junk", "where it worked", counts, fault(servers.Junk)},
		{"forgets", "what the command made", counts, fault(servers.Forgets)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, only := range []bool{false, true} {
				server := servers.Start(t)
				server.Runs = true
				if tt.set != nil {
					tt.set(server)
				}
				dir := tallied(t, count, tt.build)
				timeout := time.Minute
				if tt.name == "too slow" {
					timeout = 500 * time.Millisecond
				}
				b := New(Options{Machine: behind(t, server, 300*time.Millisecond), MachineOnly: only, Timeout: timeout, Env: append(os.Environ(), "HERE=1")})
				staged, err := b.Build(t.Context(), examine(t, b, dir), nil)
				defer staged.Discard()
				if only {
					if err == nil || !strings.Contains(fmt.Sprint(err), tt.say) && !strings.Contains(fmt.Sprint(staged.Findings), tt.say) {
						t.Errorf("%v, want a failure that says %q", err, tt.say)
					}
					continue
				}
				testkit.Check(t, err)
				if staged.Elsewhere || len(staged.Modules) != 1 || !strings.Contains(fmt.Sprint(of(staged.Findings, finding.ElsewhereFailed)), "warning: ") || !strings.Contains(fmt.Sprint(staged.Findings), tt.say) {
					t.Errorf("elsewhere %v, %v, want a warning that says %q", staged.Elsewhere, staged.Findings, tt.say)
				}
			}
		})
	}
}

// A server that answers with what another command made is no wrong verdict.
func TestElsewhereOtherAnswer(t *testing.T) {
	testkit.Needs(t, "sh")
	server := servers.Start(t)
	server.Runs = true
	b := New(Options{Machine: behind(t, server, 0)})
	dir := tallied(t, filepath.Join(t.TempDir(), "runs"), counts)
	first, err := b.Build(t.Context(), examine(t, b, dir), nil)
	testkit.Check(t, err)
	if !first.Elsewhere {
		t.Fatalf("it was built here: %v", first.Findings)
	}
	first.Discard()
	fault(servers.OtherEntry)(server)
	source := string(variant("two"))
	testkit.Write(t, filepath.Join(dir, "src.bin"), source)
	staged, err := b.Build(t.Context(), examine(t, b, dir), nil)
	testkit.Check(t, err)
	defer staged.Discard()
	if got := testkit.Read(t, staged.Modules[0].Path); staged.Elsewhere || got != source || !strings.Contains(fmt.Sprint(staged.Findings), "what another command made") {
		t.Errorf("elsewhere %v, made of the newest sources: %v; %v", staged.Elsewhere, got == source, staged.Findings)
	}
}

// of are the findings with that code.
func of(list []finding.Finding, code finding.Code) []finding.Finding {
	return slices.DeleteFunc(slices.Clone(list), func(f finding.Finding) bool { return f.Code != code })
}

// fault is a server that does always this.
func fault(f servers.Fault) func(*servers.Liar) {
	return func(s *servers.Liar) { s.Fault = func() servers.Fault { return f } }
}

// Whatever the server does at random, what is staged is what the sources say.
func TestElsewhereLyingServer(t *testing.T) {
	testkit.Long(t)
	testkit.Needs(t, "sh")
	server := servers.Start(t)
	server.Runs, server.Batch = true, 100
	server.Fault = (&dice{random: testkit.Dice(t)}).fault
	dir := tallied(t, filepath.Join(t.TempDir(), "runs"), counts)
	there := 0
	for i := range testkit.Rounds(10, 100) {
		source := string(empty) + "\x00\x09\x01a" + fmt.Sprintf("%07d", i%4)
		testkit.Write(t, filepath.Join(dir, "src.bin"), source)
		b := New(Options{Machine: behind(t, server, 200*time.Millisecond)})
		staged, err := b.Build(t.Context(), examine(t, b, dir), nil)
		testkit.Check(t, err)
		if got := testkit.Read(t, staged.Modules[0].Path); got != source {
			t.Fatalf("build %d (elsewhere: %v) is not what the sources say: %v", i, staged.Elsewhere, staged.Findings)
		}
		if staged.Elsewhere {
			there++
		}
		staged.Discard()
	}
	t.Logf("the other machine built %d", there)
}

//go:build unix

package proc

import (
	"os"
	"os/exec"
	"testing"
)

// The guardian's price is the difference to the bare command.
func BenchmarkBareExec(b *testing.B) {
	for b.Loop() {
		if err := exec.Command("/bin/true").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

// A guardian cannot cost less than this program's own start.
func BenchmarkBareSelf(b *testing.B) {
	for b.Loop() {
		if err := exec.Command(os.Args[0], "helper-exit", "0").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRun(b *testing.B)       { benchmarkRun(b, Limits{}) }
func BenchmarkRunLimits(b *testing.B) { benchmarkRun(b, Limits{AddressSpace: 4 << 30, CPUSeconds: 60}) }

func benchmarkRun(b *testing.B, l Limits) {
	for b.Loop() {
		if r, err := Run(b.Context(), Command{Argv: []string{"/bin/true"}, Limits: l}); err != nil || r.ExitCode != 0 {
			b.Fatal(r, err)
		}
	}
}

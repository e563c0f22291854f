package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// peer is a watcher that runs a command when a file changes.
type peer struct {
	name string
	argv func(dir, command string) []string // command is a line for sh
}

// peers run a command at each edit. They confirm nothing: an edit that changes nothing runs it, too,
// and one that comes while it runs may be lost.
var peers = []peer{
	{"wgo", func(dir, command string) []string {
		return []string{"wgo", "-debounce", "1ms", "-root", dir, "-file", ".txt", "sh", "-c", command}
	}},
	{"air", func(dir, command string) []string {
		return []string{"air", "-root", dir, "-build.cmd", command, "-build.bin", "/bin/true", "-build.include_ext", "txt", "-build.delay", "0"}
	}},
	{"watchexec", func(dir, command string) []string {
		return []string{"watchexec", "--shell=none", "-w", dir, "-e", "txt", "--", "sh", "-c", command}
	}},
}

// BenchmarkPeers is how long after an edit the command starts, in a folder of 200 files, ours and the
// peers' in turns of one run: make bench-peers builds these from their sources first.
func BenchmarkPeers(b *testing.B) {
	self := program(b)
	ours := peer{"astrid-dev", func(dir, _ string) []string { return []string{self, "watch", dir} }}
	for _, p := range append([]peer{ours}, peers...) {
		b.Run("watcher="+p.name, func(b *testing.B) {
			if p.name != ours.name {
				if _, err := exec.LookPath(p.name); err != nil {
					testkit.Skip(b, "%s is missing: make bench-peers builds it where it can be had", p.name)
				}
			}
			benchmarkPeer(b, p)
		})
	}
}

func benchmarkPeer(b *testing.B, p peer) {
	root := b.TempDir()
	plant(b, root, 1, 200)
	dir, began := filepath.Join(root, "capsule-0000"), filepath.Join(b.TempDir(), "began")
	command := fmt.Sprintf("date +%%s%%N >>%s", began)
	manifest := "[package]\nname = \"c0\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"c.wasm\"\n[package.metadata.astrid-dev]\n" +
		fmt.Sprintf("build = [\"sh\", \"-c\", %q]\n", command+`; printf '\0asm\001\0\0\0' > "$CAPSULE_OUT"`)
	if err := os.WriteFile(filepath.Join(dir, "Capsule.toml"), []byte(manifest), 0o644); err != nil {
		b.Fatal(err)
	}
	argv := p.argv(dir, command)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		_ = cmd.Wait()
	}()
	runs(b, began, 0)
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		time.Sleep(time.Second) // what the run before led to has ended
		seen := len(starts(began))
		edited := time.Now()
		if err := os.WriteFile(filepath.Join(dir, "src0", "f0.txt"), fmt.Appendf(nil, "edit %d", n), 0o644); err != nil {
			b.Fatal(err)
		}
		runs(b, began, seen)
		took = append(took, time.Unix(0, starts(began)[seen]).Sub(edited))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}

// runs waits until the command has started more than seen times.
func runs(b *testing.B, began string, seen int) {
	b.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if len(starts(began)) > seen {
			return
		}
	}
	b.Fatal("the command did not start after an edit")
}

// starts are the moments at which the command started.
func starts(began string) (list []int64) {
	data, err := os.ReadFile(began)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(data)) {
		if at, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64); err == nil && strings.HasSuffix(line, "\n") {
			list = append(list, at)
		}
	}
	return list
}

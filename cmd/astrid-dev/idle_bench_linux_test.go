package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkIdle is what the program itself holds and uses while nothing happens,
// with 1,000 capsules of 100 files, over 30 seconds.
func BenchmarkIdle(b *testing.B) {
	root := b.TempDir()
	plant(b, root, 1000, 100)
	program := filepath.Join(b.TempDir(), "astrid-dev")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program, "watch", "--no-initial-build", "--format", "json", root)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	events := bufio.NewScanner(stdout)
	for events.Scan() && !strings.Contains(events.Text(), `"type":"idle"`) {
	}
	time.Sleep(2 * time.Second) // what the start left to be cleared away
	pid := cmd.Process.Pid
	before := ticksOf(b, pid)
	for b.Loop() {
		time.Sleep(30 * time.Second)
	}
	b.ReportMetric(float64(ticksOf(b, pid)-before)*10/float64(b.N), "ms-CPU-in-30s")
	b.ReportMetric(statusOf(b, pid, "VmRSS")/1024, "MiB-resident")
	b.ReportMetric(statusOf(b, pid, "VmHWM")/1024, "MiB-peak")
}

// ticksOf is the processor time of a process, in hundredths of a second.
func ticksOf(tb testing.TB, pid int) (ticks int) {
	tb.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		tb.Fatal(err)
	}
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	var user, system int
	fmt.Sscan(fields[11], &user)
	fmt.Sscan(fields[12], &system)
	return user + system
}

// statusOf is a field of a process's status, in KiB.
func statusOf(tb testing.TB, pid int, field string) (kib float64) {
	tb.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		fmt.Sscanf(line, field+": %f kB", &kib)
	}
	return kib
}

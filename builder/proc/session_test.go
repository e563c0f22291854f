//go:build linux

package proc

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func TestP6CancelEndsEverything(t *testing.T) {
	self := os.Args[0]
	for name, argv := range map[string][]string{
		"obeys":                    {self, "helper-hold"},
		"deaf":                     {self, "helper-hold", "deaf"},
		"stopped":                  {self, "helper-hold", "stopped"},
		"group of its own":         {self, "helper-hold", "group"},
		"deaf grandchild":          {self, "helper-start", "wait", "deaf"},
		"deaf group":               {self, "helper-start", "hold", "deaf,group"},
		"orphan":                   {"sh", "-c", self + " helper-start leave deaf; sleep 60"},
		"orphan in its group":      {"sh", "-c", self + " helper-start leave deaf,group; sleep 60"},
		"leaves at TERM":           {"sh", "-c", "trap 'exit 0' TERM; " + self + " helper-start hold deaf & wait"},
		"starts another at TERM":   {"sh", "-c", "trap '" + self + " helper-hold deaf' TERM; echo ready; while :; do sleep 1; done"},
		"forks on and on":          {"sh", "-c", "f() { sleep 0.001; f & }; f; echo ready; sleep 60"},
		"changes its name to ) Z":  {"sh", "-c", `printf ') Z 1 2' >/proc/self/comm; echo ready; trap "" TERM; while :; do sleep 1; done`},
		"stops its guardian":       {"sh", "-c", "kill -STOP $PPID; echo ready; sleep 60"},
		"command of another guard": {self, "helper-run", self, "helper-hold", "deaf"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := watchFor("ready")
			c, mark := marked(t, argv...)
			c.Stdout = out
			begun := time.Now()
			r, err := Run(cancelOn(t, out), c)
			if err != nil || !r.Cancelled || r.TimedOut {
				t.Errorf("%+v, %v: %s", r, err, out)
			}
			if len(r.Strays) > 0 {
				t.Errorf("strays: %v", r.Strays)
			}
			if strings.Contains(name, "another guard") {
				goneWithin(t, 3*time.Second, mark) // the inner guardian is in a session of its own
			}
			noneLeft(t, mark)
			t.Log(time.Since(begun))
		})
	}
}

// A process that is another one every fraction of a millisecond cannot be hit
// by its number, and with a group of its own each time not by its group either.
// Those here end by themselves when BEAT is gone, or after ten seconds.
func TestP6HoppersAreCaught(t *testing.T) {
	need(t, "perl")
	const hop = `$SIG{TERM} = "IGNORE"; $end = time+10; while (time < $end) { exit if fork; %s open(F, "+<", $ENV{BEAT}) or exit; seek(F, 0, 2); print F "."; close F; }`
	for name, then := range map[string]string{"fork and leave": "", "fork, leave and new group": "setpgrp;"} {
		t.Run(name, func(t *testing.T) {
			beat := filepath.Join(t.TempDir(), "beat")
			if err := os.WriteFile(beat, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(beat)
			c, _ := marked(t, "perl", "-e", fmt.Sprintf(hop, then))
			c.Env = append(c.Env, "BEAT="+beat)
			begun := time.Now()
			r, err := Run(t.Context(), c)
			t.Logf("%+v, %v, %s", r, err, time.Since(begun))
			before := size(t, beat)
			time.Sleep(200 * time.Millisecond) // a thousand hops
			if after := size(t, beat); after != before || before == 0 {
				t.Errorf("%d beats, then %d", before, after)
			}
		})
	}
}

func size(t *testing.T, path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestLeftoversOfANormalEndAreEnded(t *testing.T) {
	for _, how := range []string{"", "deaf", "deaf,group"} {
		out := watchFor("ready")
		c, mark := helper(t, "helper-start", "leave", how)
		c.Stdout = out
		r, err := Run(t.Context(), c)
		if err != nil || r.ExitCode != 0 || r.Cancelled || len(r.Strays) > 0 {
			t.Errorf("%q: %+v, %v", how, r, err)
		}
		noneLeft(t, mark)
	}
}

func TestStraysAreNamedAndLeft(t *testing.T) {
	for _, cancel := range []bool{false, true} {
		then := "leave"
		if cancel {
			then = "hold"
		}
		out := watchFor("ready")
		// The stray is there before the command leaves, and holds its output open.
		c, _ := shell(t, os.Args[0]+" helper-start "+then+" session & until [ -e here ]; do sleep 0.01; done; "+
			map[bool]string{false: "exit 0", true: "wait"}[cancel])
		c.Dir = t.TempDir()
		c.Stdout = out
		wrote := make(chan struct{})
		go func() {
			defer close(wrote)
			<-out.seen
			_ = os.WriteFile(filepath.Join(c.Dir, "here"), nil, 0o600)
		}()
		ctx := t.Context()
		if cancel {
			ctx = cancelOn(t, out)
		}
		begun := time.Now()
		r, err := Run(ctx, c)
		<-wrote
		if err != nil || r.Cancelled != cancel || len(r.Strays) != 1 {
			t.Fatalf("%+v, %v: %s", r, err, out)
		}
		var pid int
		fmt.Sscanf(out.String(), "ready %d", &pid)
		if s := r.Strays[0]; s.PID != pid || !strings.Contains(s.Command, "helper-hold session") {
			t.Errorf("%+v, not %d", s, pid)
		}
		if err := syscall.Kill(pid, 0); err != nil {
			t.Errorf("the stray: %v", err)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("the stray held it for %s", took)
		}
	}
}

func TestP6KillOfTheProgramEndsEverything(t *testing.T) {
	self := os.Args[0]
	for name, argv := range map[string][]string{
		"deaf":                  {self, "helper-hold", "deaf"},
		"deaf grandchild group": {self, "helper-start", "hold", "deaf,group"},
		"orphan":                {"sh", "-c", self + " helper-start leave deaf; sleep 60"},
		"stops its guardian":    {"sh", "-c", "kill -STOP $PPID; echo ready; sleep 60"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := watchFor("ready")
			c, mark := helper(t, append([]string{"helper-run"}, argv...)...)
			cmd := startBare(t, c, out)
			<-out.seen
			if len(left(t, mark)) < 3 { // the program, its guardian, the command
				t.Errorf("too few: %v", left(t, mark))
			}
			killAndGone(t, cmd, mark)
		})
	}
}

// The program is killed at moments between its start and well into the command.
func TestP6KillOfTheProgramAtAnyMoment(t *testing.T) {
	testkit.Long(t)
	for i := range rounds(100) {
		c, mark := helper(t, "helper-run", os.Args[0], "helper-start", "hold", "deaf,group")
		cmd := startBare(t, c, nil)
		time.Sleep(time.Duration(rand.IntN(30_000)) * time.Microsecond)
		killAndGone(t, cmd, mark)
		if t.Failed() {
			t.Fatalf("round %d", i)
		}
	}
}

func startBare(t *testing.T, c Command, out *output) *exec.Cmd {
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Env = c.Env
	if out != nil {
		cmd.Stdout, cmd.Stderr = out, out
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func killAndGone(t *testing.T, cmd *exec.Cmd, mark string) {
	t.Helper()
	_ = cmd.Process.Kill()
	goneWithin(t, time.Second, mark)
	_ = cmd.Wait()
}

func TestP6KillOfTheGuardianEndsEverything(t *testing.T) {
	for _, argv := range [][]string{
		{"helper-hold", "deaf"},
		{"helper-start", "hold", "deaf,group"},
		{"helper-start", "leave", "deaf"},
	} {
		out := watchFor("ready")
		c, mark := shell(t, os.Args[0]+" "+strings.Join(argv, " ")+"; echo guardian $PPID; sleep 60")
		if argv[1] != "leave" {
			c.Argv[2] = "echo guardian $PPID; " + os.Args[0] + " " + strings.Join(argv, " ")
		}
		c.Stdout = out
		killed := make(chan struct{})
		go func() {
			defer close(killed)
			<-out.seen
			for !strings.Contains(out.String(), "guardian") {
				time.Sleep(time.Millisecond)
			}
			var pid int
			fmt.Sscanf(out.String()[strings.Index(out.String(), "guardian"):], "guardian %d", &pid)
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}()
		_, err := Run(t.Context(), c)
		<-killed
		if err == nil || !strings.Contains(err.Error(), "guardian was killed") {
			t.Error(err)
		}
		noneLeft(t, mark)
	}
}

// A command that stops its guardian again and again is ended without it.
func TestP6GuardianThatIsKeptStopped(t *testing.T) {
	t.Parallel()
	out := watchFor("ready")
	c, mark := shell(t, `trap "" TERM; kill -STOP $PPID; echo ready; while kill -STOP $PPID; do :; done`)
	c.Stdout = out
	if r, err := Run(cancelOn(t, out), c); err == nil || !r.Cancelled {
		t.Errorf("%+v, %v", r, err)
	}
	noneLeft(t, mark)
}

func TestTheTerminalsSignalsDoNotEndTheGuardian(t *testing.T) {
	out := watchFor("guardian")
	c, mark := shell(t, `for s in INT TERM HUP QUIT; do kill -$s $PPID; done; echo guardian; sleep 0.05; exit 6`)
	c.Stdout = out
	if r, err := Run(t.Context(), c); err != nil || r.ExitCode != 6 {
		t.Error(r, err)
	}
	noneLeft(t, mark)
	// And the command itself starts with none of them ignored.
	var text bytes.Buffer
	c, _ = shell(t, `grep SigIgn /proc/self/status`)
	c.Stdout = &text
	if r, err := Run(t.Context(), c); err != nil || strings.TrimSpace(text.String()) != bareIgnored(t) {
		t.Errorf("%v, %v: %q, not %q", r, err, &text, bareIgnored(t))
	}
}

func bareIgnored(t *testing.T) string {
	line, err := exec.Command("grep", "SigIgn", "/proc/self/status").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(line))
}

func TestManyRunsLeaveNothing(t *testing.T) {
	testkit.Long(t)
	before := descriptors(t)
	c, mark := shell(t, "echo out; echo err >&2")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range rounds(1000) / 4 {
				out := watchFor("")
				c := c
				c.Stdin, c.Stdout, c.Stderr = []byte("in"), out, NewTail(100)
				if r, err := Run(t.Context(), c); err != nil || r.ExitCode != 0 || out.String() != "out\n" {
					t.Errorf("%v, %v: %q", r, err, out)
				}
			}
		})
	}
	wait.Wait()
	noneLeft(t, mark)
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func TestP6StressRandomCancels(t *testing.T) {
	before := descriptors(t)
	scripts := []string{
		"sleep 60",
		os.Args[0] + " helper-start leave deaf,group; sleep 60",
		os.Args[0] + " helper-start hold deaf & " + os.Args[0] + " helper-hold group",
		"f() { sleep 0.001; f & }; f; sleep 60",
		"trap '' TERM; while :; do :; done",
	}
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			for i := range rounds(200) / 4 {
				c, mark := shell(t, scripts[(worker+i)%len(scripts)])
				c.Grace = 10 * time.Millisecond
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(40_000))*time.Microsecond)
				r, err := Run(ctx, c)
				cancel()
				if err != nil || !r.Cancelled {
					t.Errorf("%+v, %v", r, err)
				}
				noneLeft(t, mark)
			}
		})
	}
	wait.Wait()
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// rounds shortens long tests under -short.
func rounds(n int) int {
	if testing.Short() {
		return n / 10
	}
	return testkit.Rounds(n/8, n)
}

func descriptors(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestParseStat(t *testing.T) {
	rest := " 3 4 5 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 "
	for line, want := range map[string]process{
		"7 (sh) S" + rest + "1 0 1":               {7, 3, 4, 5, false},
		"7 (a) Z 9 (b)) R" + rest + "1 0":         {7, 3, 4, 5, false},
		"7 (x y\n) Z" + rest + "1 0":              {7, 3, 4, 5, true},
		"7 (first thread ended) Z" + rest + "3 0": {7, 3, 4, 5, false},
		"7 (x) X" + rest + "0 0":                  {7, 3, 4, 5, true},
	} {
		if got, ok := parseStat(7, []byte(line)); !ok || got != want {
			t.Errorf("%q: %+v, %v", line, got, ok)
		}
	}
	for _, line := range []string{"", "7 (sh", "7 (sh) S 1 2", "7 (sh) S a b c" + rest + "1 1 1"} {
		if got, ok := parseStat(7, []byte(line)); ok {
			t.Errorf("%q: %+v", line, got)
		}
	}
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	got, ok := parseStat(os.Getpid(), stat)
	if session, _ := strconv.Atoi(strings.Fields(string(stat[bytes.LastIndexByte(stat, ')'):]))[4]); !ok || got.dead ||
		got.parent != os.Getppid() || got.group != syscall.Getpgrp() || got.session != session {
		t.Errorf("%+v", got)
	}
}

package proc

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// waitState waits until pid is stopped, or goes on.
func waitState(t *testing.T, pid int, stopped bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			t.Fatal(err)
		}
		if state := string(stat[strings.LastIndexByte(string(stat), ')')+2]); (state == "T") == stopped {
			return
		}
	}
	t.Fatalf("process %d: stopped is not %t", pid, stopped)
}

// A program that is stopped stops what it runs, and a command in a group of its own, too.
func TestSuspendStopsWhatRuns(t *testing.T) {
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan Result, 1)
	go func() {
		result, _ := Run(ctx, Command{Argv: []string{"/bin/sh", "-c", "sleep 1000 & echo $!; echo $$; wait"}, Env: os.Environ(), Stdout: w})
		ended <- result
	}()
	lines := bufio.NewScanner(r)
	var pids []int
	for len(pids) < 2 && lines.Scan() {
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	for range 3 {
		Suspend()
		for _, pid := range pids {
			waitState(t, pid, true)
		}
		Resume()
		for _, pid := range pids {
			waitState(t, pid, false)
		}
	}
	Suspend()
	defer Resume()
	cancel() // what is stopped is ended all the same
	if result := <-ended; !result.Cancelled {
		t.Errorf("%+v", result)
	}
}

// A command that is started meanwhile does not begin before Resume.
func TestSuspendHoldsBackWhatIsStarted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "begun")
	Suspend()
	ended := make(chan error, 1)
	go func() {
		_, err := Run(t.Context(), Command{Argv: []string{"/bin/sh", "-c", "touch " + file}, Env: os.Environ()})
		ended <- err
	}()
	for { // its guardian is there and was told
		suspended.Lock()
		n := len(suspended.running)
		suspended.Unlock()
		if n == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the command began")
	}
	Resume()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// Who suspends waits for a command that is being started: else it would run on, known to nobody.
func TestSuspendWaitsForWhatIsBeingStarted(t *testing.T) {
	suspended.starting.RLock() // as startKnown does
	done := make(chan struct{})
	go func() {
		defer close(done)
		Suspend()
		Resume()
	}()
	select {
	case <-done:
		t.Error("it is over while a command is being started")
	case <-time.After(50 * time.Millisecond):
	}
	suspended.starting.RUnlock()
	<-done
}

//go:build unix

package host

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// programs is a world that may run sh, in the name of a caller.
func programs(t *testing.T, o Options) processes {
	testkit.Needs(t, "sh")
	o.Capabilities.HostProcess, o.Capabilities.AllowPersistent = []string{"sh"}, true
	o.AllowProcess, o.Path = true, "/usr/local/bin:/usr/bin:/bin"
	w := world(t, o)
	w.Handle(&Message{Principal: "ada"})
	return processes{w}
}

func script(text string) spawn { return spawn{Cmd: "sh", Args: []string{"-c", text}} }

// soon waits for what comes by itself.
func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come: " + what)
		}
	}
}

func gone(pid int) bool { return syscall.Kill(pid, 0) == syscall.ESRCH }

// A program that outlives the instance is read, told more, and waited for, each time as the
// runtime does it.
func TestAPersistentProgram(t *testing.T) {
	p := programs(t, Options{})
	yes, first, name := true, []byte("first\n"), "the \x00 loop"
	r := script(`while read -r line; do echo "got $line"; done; echo over >&2; exit 3`)
	r.KeepStdinOpen, r.Stdin, r.Label = &yes, &first, &name
	id, err := p.spawnPersistent(r)
	testkit.Check(t, err)
	f := p.functions()
	logs := f["read-logs"].(func(string) (readLogsResult, error))
	read := func(from logCursor, most uint32) string {
		c, err := p.readSince(id, "stdout", from, most)
		return fmt.Sprintf("%s %d %v %v", c.Data, c.BytesDropped, c.DrainedEof, err)
	}
	soon(t, "the first line", func() bool { return read(logCursor{}, 100) == "got first\n 0 false <nil>" })
	if got := read(logCursor{}, 3); got != "got 0 false <nil>" {
		t.Error(got)
	}
	third := "0000000000000004"
	if got := read(logCursor{&third}, 100); got != "first\n 0 false <nil>" {
		t.Error(got)
	}
	odd := "zz"
	if _, err := p.readSince(id, "stdout", logCursor{&odd}, 1); faultOf(err) != "no-such-process" {
		t.Error(err)
	}
	p.Reset() // as after a trap
	list, err := p.list(nil)
	if err != nil || len(list) != 1 || list[0].Label != "the  loop" || list[0].Command != "sh -c "+r.Args[1] || list[0].Phase != "running" || list[0].OsPid == nil || !list[0].StdinOpen || list[0].BufferedBytes != 10 {
		t.Errorf("%+v %v", list, err)
	}
	if n, err := p.writeStdin(id, []byte("second\n")); n != 7 || err != nil {
		t.Error(n, err)
	}
	if _, err := p.writeStdin(id, make([]byte, maxStdinWrite+1)); faultOf(err) != "too-large" {
		t.Error(err)
	}
	if _, err := p.wait(id, 1); faultOf(err) != "wait-timeout" {
		t.Error(err)
	}
	if err := p.release(id); faultOf(err) != "invalid-input" {
		t.Error(err)
	}
	testkit.Check(t, f["close-stdin"].(func(string) error)(id))
	if e, err := p.wait(id, 60_000); err != nil || e.ExitCode == nil || *e.ExitCode != 3 || e.Signal != nil {
		t.Errorf("%+v %v", e, err)
	}
	if _, err := p.writeStdin(id, []byte("x")); faultOf(err) != "closed" {
		t.Error(err)
	}
	if got := read(logCursor{}, 100); got != "got first\ngot second\n 0 true <nil>" {
		t.Error(got)
	}
	if l, err := logs(id); err != nil || l.Stdout != "got first\ngot second\n" || l.Stderr != "over\n" || l.Running || l.Exit == nil {
		t.Errorf("%+v %v", l, err)
	}
	if l, _ := logs(id); l.Stdout != "" || l.Stderr != "" {
		t.Errorf("it is read twice: %+v", l)
	}
	p.Handle(&Message{Principal: "bob"})
	if _, err := p.wait(id, 1); faultOf(err) != "no-such-process" {
		t.Errorf("another caller: %v", err)
	}
	p.Handle(&Message{Principal: "ada"})
	testkit.Check(t, p.release(id))
	if _, err := p.wait(id, 1); faultOf(err) != "no-such-process" {
		t.Error(err)
	}
}

// One that does not obey is killed, with its group; how it ended is told.
func TestStop(t *testing.T) {
	p := programs(t, Options{})
	id, err := p.spawnPersistent(script(`trap "" TERM; sleep 1000 & echo $!; wait; wait`))
	testkit.Check(t, err)
	child := 0
	soon(t, "the child", func() bool {
		c, _ := p.readSince(id, "stdout", logCursor{}, 100)
		child, _ = strconv.Atoi(strings.TrimSpace(string(c.Data)))
		return child > 0 && strings.HasSuffix(string(c.Data), "\n")
	})
	grace := uint64(50)
	if e, err := p.stop(id, &grace); err != nil || e.Signal == nil || *e.Signal != 9 {
		t.Errorf("%+v %v", e, err)
	}
	soon(t, "the end of the child", func() bool { return gone(child) || zombie(child) })
	if _, err := p.stop(id, nil); faultOf(err) != "no-such-process" {
		t.Error(err)
	}
}

// zombie reports whether a process has ended, and nobody has asked for how.
func zombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(b), ") Z ")
}

// With the world all programs are gone, of both kinds, even one that was stopped or holds what nobody reads.
func TestProgramsEndWithTheirWorld(t *testing.T) {
	p := programs(t, Options{})
	var pids []int
	for _, text := range []string{"sleep 1000", "kill -STOP $$", "yes"} {
		rep, err := p.spawnBackground(script("exec " + text))
		if text == "kill -STOP $$" {
			rep, err = p.spawnBackground(script(text))
		}
		testkit.Check(t, err)
		one, _ := get[*program](p.World, rep)
		pids = append(pids, one.cmd.Process.Pid)
		hold := overflowPolicy("backpressure")
		r := script(text)
		r.Overflow = &hold
		_, err = p.spawnPersistent(r)
		testkit.Check(t, err)
		pids = append(pids, p.programs[len(p.programs)-1].cmd.Process.Pid)
	}
	p.Close()
	for i, pid := range pids {
		if !gone(pid) {
			t.Errorf("%d is left", i)
		}
	}
}

// What is refused before anything runs.
func TestRefusedPrograms(t *testing.T) {
	p := programs(t, Options{})
	zero := uint64(0)
	idle := script("true")
	idle.IdleTimeoutMs = &zero
	large := make([]byte, maxStdin+1)
	much := script("true")
	much.Stdin = &large
	for name, c := range map[string]struct {
		r    spawn
		want string
	}{"idle": {idle, "invalid-input"}, "stdin": {much, "too-large"}, "not declared": {spawn{Cmd: "cat"}, "capability-denied"}} {
		if _, err := p.spawnPersistent(c.r); faultOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.Handle(nil)
	if _, err := p.spawnPersistent(script("true")); faultOf(err) != "persist-unsupported" {
		t.Error(err)
	}
	p.options.Capabilities.AllowPersistent = false
	if _, err := p.spawnPersistent(script("true")); faultOf(err) != "capability-denied" {
		t.Error(err)
	}
}

// A caller has thirty-two programs, of which eight run.
func TestManyPrograms(t *testing.T) {
	p := programs(t, Options{})
	for i := range maxRetained {
		id, err := p.spawnPersistent(script("exit 0"))
		testkit.Check(t, err)
		if e, err := p.wait(id, 60_000); err != nil || *e.ExitCode != 0 {
			t.Fatal(i, e, err)
		}
	}
	if _, err := p.spawnPersistent(script("exit 0")); faultOf(err) != "registry-full" {
		t.Error(err)
	}
	p.World.programs = nil
	for i := range maxBackground {
		var err error
		if i%2 == 0 {
			_, err = p.spawnBackground(script("exec sleep 1000"))
		} else {
			_, err = p.spawnPersistent(script("exec sleep 1000"))
		}
		testkit.Check(t, err)
	}
	if _, err := p.spawnBackground(script("true")); faultOf(err) != "quota" {
		t.Error(err)
	}
	if _, err := p.spawnPersistent(script("true")); faultOf(err) != "quota" {
		t.Error(err)
	}
}

// What lived too long, or ended long ago, is gone.
func TestReap(t *testing.T) {
	p := programs(t, Options{})
	short, long := uint64(1), uint64(1_000_000)
	r := script("exec sleep 1000")
	r.MaxLifetimeMs = &short
	old, err := p.spawnPersistent(r)
	testkit.Check(t, err)
	pid := p.programs[0].cmd.Process.Pid
	ended := script("exit 0")
	ended.ExitRetentionMs = &long
	kept, err := p.spawnPersistent(ended)
	testkit.Check(t, err)
	soon(t, "its end", func() bool { _, known := p.named(old); return !known })
	if !gone(pid) {
		t.Error("it runs on")
	}
	if _, err := p.wait(kept, 60_000); err != nil {
		t.Error(err)
	}
	p.programs[0].persistent.retention = 0
	if _, known := p.named(kept); known {
		t.Error("it is kept")
	}
}

// A program runs below the folder of cwd://, and nowhere else.
func TestTheFolderOfAProgram(t *testing.T) {
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "root", "in", "f"), "")
	testkit.Check(t, os.Symlink(dir, filepath.Join(dir, "root", "out")))
	p := programs(t, Options{Cwd: filepath.Join(dir, "root")})
	for name, want := range map[string]string{"in": "f\n", "cwd://in": "f\n", "": "in\nout\n", "..": "boundary-escape", "/": "boundary-escape", "in/../..": "boundary-escape", "out": "boundary-escape", "none": "invalid-input", "home://x": "capability-denied"} {
		r := script("ls")
		r.Cwd = &name
		got, err := p.spawn(r)
		if err != nil {
			got.Stdout = faultOf(err)
		}
		if got.Stdout != want {
			t.Errorf("%q: %q, want %q", name, got.Stdout, want)
		}
	}
}

// A ring keeps the end of what is written, or has the writer wait.
func TestRing(t *testing.T) {
	r := newRing(10, false)
	for _, part := range []string{"0123", "456789", "ab"} {
		_, _ = r.Write([]byte(part))
	}
	early := uint64(1)
	if data, next, lost, all := r.since(&early, 4); string(data) != "2345" || next != 6 || lost != 1 || all {
		t.Errorf("%s %d %d %v", data, next, lost, all)
	}
	late := uint64(100)
	if data, next, lost, all := r.since(&late, 4); len(data) != 0 || next != 12 || lost != 0 || !all {
		t.Errorf("%s %d %d %v", data, next, lost, all)
	}
	if got := r.drain(); got != "23456789ab" {
		t.Error(got)
	}
	h := newRing(chunk, true)
	_, _ = h.Write(make([]byte, chunk))
	wrote := make(chan bool)
	go func() { _, _ = h.Write([]byte("x")); close(wrote) }()
	if got := h.drain(); len(got) != chunk {
		t.Error(len(got))
	}
	<-wrote
	if got := h.drain(); got != "x" {
		t.Errorf("%q", got)
	}
}

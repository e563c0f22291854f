package script

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// process is an astrid-dev that a script started.
type process struct {
	cmd     *exec.Cmd
	events  string // file; of a terminal, what it shows
	checked int    // events that were held against the schema
	seen    int    // events that the script has consumed; of a terminal, bytes
	typed   io.Writer
	ended   chan error
}

func cmdStart(ts *testscript.TestScript, _ bool, args []string) {
	name := args[0]
	out, err := os.Create(ts.MkAbs(name + ".json"))
	ts.Check(err)
	errs, err := os.Create(ts.MkAbs(name + ".err"))
	ts.Check(err)
	program, err := exec.LookPath("astrid-dev")
	ts.Check(err)
	flags := []string{args[1], "--format", "json"}
	if args[1] == "watch" {
		flags = append(flags, ts.Value(watchFlags).([]string)...)
	}
	for _, arg := range args[2:] {
		if list, ok := strings.CutPrefix(arg, "@"); ok {
			flags = append(flags, strings.Fields(ts.ReadFile(list))...)
			continue
		}
		flags = append(flags, arg)
	}
	cmd := Limited(ts.Getenv("WATCHES"), program, flags)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), out, errs
	cmd.Env = environment(ts)
	ts.Check(cmd.Start())
	p := &process{cmd: cmd, events: out.Name(), ended: make(chan error, 1)}
	go func() {
		p.ended <- cmd.Wait()
		out.Close()
		errs.Close()
	}()
	ts.Value(processes).(map[string]*process)[name] = p
	ts.Defer(func() { cmd.Process.Kill() })
}

// environment is the script's own, as exec has it: a variable that one of the two has and the
// other has not can give their builds two keys, as make's MAKEFLAGS did. testscript does not
// list what a script has set; so these names are asked for.
func environment(ts *testscript.TestScript) []string {
	names := slices.Clone(ts.Value(variables).([]string))
	for _, v := range os.Environ() { // cargo's, as the command rust sets them
		name, _, _ := strings.Cut(v, "=")
		names = append(names, name)
	}
	names = append(names, "MARK", "LOG", "GATE", "SAID", "NO_COLOR", "CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_TARGET_DIR", "ZIG_GLOBAL_CACHE_DIR", "ASTRID_HOME", "ASTRID_RUN_DIR")
	slices.Sort(names)
	var env []string
	for _, name := range slices.Compact(names) {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func find(ts *testscript.TestScript, name string) *process {
	p := ts.Value(processes).(map[string]*process)[name]
	if p == nil {
		ts.Fatalf("nothing was started as %s", name)
	}
	return p
}

// exitLimit is the promise P6.
const exitLimit = 2 * time.Second

func cmdEnd(ts *testscript.TestScript, _ bool, args []string) {
	p := find(ts, args[0])
	want := 0
	if len(args) > 1 {
		want, _ = strconv.Atoi(args[1])
	}
	start := time.Now()
	ts.Check(p.cmd.Process.Signal(os.Interrupt))
	var exit *exec.ExitError
	if err := <-p.ended; err != nil && !errors.As(err, &exit) {
		ts.Fatalf("waiting: %v", err)
	}
	if took := time.Since(start); took > exitLimit {
		ts.Fatalf("it took %s to end", took)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func cmdKill9(ts *testscript.TestScript, _ bool, args []string) {
	p := find(ts, args[0])
	ts.Check(p.cmd.Process.Kill())
	<-p.ended
}

func cmdGone(ts *testscript.TestScript, _ bool, args []string) {
	if runtime.GOOS != "linux" {
		return // there is no /proc to look in; the scripts that need it say [linux]
	}
	deadline := time.Now().Add(time.Second)
	for left := marked(args[0]); len(left) > 0; left = marked(args[0]) {
		if time.Now().After(deadline) {
			ts.Fatalf("still running: %v", left)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// marked lists the processes that have text in their arguments or environment, less this one.
func marked(text string) (found []string) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		for _, file := range []string{"environ", "cmdline"} {
			data, _ := os.ReadFile(filepath.Join(dir, file))
			if bytes.Contains(data, []byte(text)) && filepath.Base(dir) != strconv.Itoa(os.Getpid()) {
				line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
				found = append(found, fmt.Sprintf("%s %q", filepath.Base(dir), line))
				break
			}
		}
	}
	return found
}

package main

import (
	"bytes"
	"encoding/json"
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
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
)

func TestMain(m *testing.M) {
	if code, handled := builder.Main(os.Args[1:]); handled {
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){
		"astrid-dev": func() { os.Exit(run(os.Args[1:])) },
	})
}

// TestScripts runs testdata/script/*.txtar against the real program. Beside
// testscript's own commands they have:
//
//	start NAME ARG...       run astrid-dev ARG... in the background, JSON events to NAME.json;
//	                        @FILE stands for the words in FILE
//	event NAME TYPE [TEXT]  wait for the next event of TYPE whose JSON contains TEXT
//	never NAME TYPE [TEXT]  no such event came since start
//	count NAME TYPE N       exactly N such events came since start
//	end NAME [CODE]         Ctrl-C; it ends within two seconds with CODE (0)
//	kill9 NAME              kill -9
//	gone TEXT               within a second no process has TEXT in its arguments or environment
//	save FILE TEXT          write FILE as an editor does, a new file renamed over it
//	append FILE TEXT        add a line
//	same FILE FILE          the two have the same bytes
//	example NAME DIR        copy an example
//	wasm NAME FILE          write one of modules()
//	npmdeps DIR             the packages of DIR/package-lock.json, as DIR/node_modules
//	jco DIR                 jco in DIR/node_modules
//	tty NAME ARG...         run astrid-dev ARG... on a terminal (Linux), which shows NAME.screen
//	type NAME TEXT          type a line there
//	screen NAME REGEXP      wait until it shows what matches, after what matched last
//	rust                    a cargo that can build capsules comes first in PATH
//	warm NAME               cargo builds into the folder NAME, which is kept from run to run of the tests
//	capsule DIR [LINE...]   write a capsule that builds in milliseconds, with LINEs as its settings
//	mmap FILE TEXT          write TEXT over FILE's beginning through a mapping (Unix)
//	signal NAME SIGNAL      STOP, CONT, TERM or INT
//	ended NAME CODE         wait until it has ended, with CODE
//	wrong ARG...            astrid-dev ARG... ends with 2, says why on stderr and nothing on stdout
//	untimed FILE FILE       two JSON reports have the same bytes but for times
//
// With $WATCHES start runs it as a user who has so many inotify watches.
// The conditions [poll], [userns] and [tool:NAME] are known besides testscript's own.
func TestScripts(t *testing.T) {
	runScripts(t, scripts(t, nil), nil)
}

// TestScriptsPoll runs the scripts about watching again, with the other engine.
func TestScriptsPoll(t *testing.T) {
	runScripts(t, scripts(t, bothEngines), pollFlags)
}

// runScripts runs files; every watch that they start gets flags.
func runScripts(t *testing.T, files, flags []string) {
	testscript.Run(t, testscript.Params{
		Files: files,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"start": cmdStart, "event": cmdEvent, "never": cmdNever, "count": cmdCount, "end": cmdEnd,
			"kill9": cmdKill9, "gone": cmdGone, "save": cmdSave, "append": cmdAppend, "same": cmdSame, "example": cmdExample,
			"wasm": cmdWasm, "npmdeps": cmdNpmDeps, "rust": cmdRust, "warm": cmdWarm,
			"wrong": cmdWrong,
			"jco":   cmdJco, "mmap": cmdMmap, "tty": cmdTTY, "type": cmdType, "screen": cmdScreen, "capsule": cmdCapsule, "signal": cmdSignal, "ended": cmdEnded, "untimed": cmdUntimed,
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "poll":
				return flags != nil, nil
			case "userns":
				return hasUserNamespaces()
			}
			return condition(cond)
		},
		Setup: func(env *testscript.Env) error {
			env.Values[processes] = map[string]*process{}
			env.Values[watchFlagsKey{}] = flags
			home, err := os.UserCacheDir()
			if err != nil {
				return err
			}
			cache := os.Getenv("GOCACHE")
			if cache == "" {
				cache = filepath.Join(home, "go-build")
			}
			env.Vars = append(env.Vars, "GOCACHE="+cache, "GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local", "NO_COLOR=1",
				"XDG_CACHE_HOME="+filepath.Join(home, "astrid-dev-test", "cache")) // the compiled reader, a second of work, is made once for all scripts
			return nil
		},
	})
}

// patience is how long a script waits for what must happen: a hang, not a slow machine, runs into it.
const patience = 2 * time.Minute

type (
	processesKey  struct{}
	watchFlagsKey struct{}
)

var processes = processesKey{}

// process is an astrid-dev that a script started.
type process struct {
	cmd    *exec.Cmd
	events string // file; of a terminal, what it shows
	seen   int    // events that the script has consumed; of a terminal, bytes
	typed  io.Writer
	ended  chan error
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
		flags = append(flags, ts.Value(watchFlagsKey{}).([]string)...)
	}
	for _, arg := range args[2:] {
		if list, ok := strings.CutPrefix(arg, "@"); ok {
			flags = append(flags, strings.Fields(ts.ReadFile(list))...)
			continue
		}
		flags = append(flags, arg)
	}
	cmd := limited(ts.Getenv("WATCHES"), program, flags)
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

func environment(ts *testscript.TestScript) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "PATH=") || strings.HasPrefix(v, "HOME=") || strings.HasPrefix(v, "TMPDIR=")
	})
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "GOCACHE", "GOFLAGS", "GOPROXY", "GOTOOLCHAIN", "NO_COLOR", "MARK", "WORK", "LOG", "CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_TARGET_DIR", "XDG_CACHE_HOME"} {
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

// read parses the events that p has written so far, whole lines only.
func (p *process) read(ts *testscript.TestScript) (events []flat.Event, lines []string) {
	data, err := os.ReadFile(p.events)
	ts.Check(err)
	for line := range bytes.Lines(data) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var e flat.Event
		if err := json.Unmarshal(line, &e); err != nil {
			ts.Fatalf("not an event: %s", line)
		}
		events, lines = append(events, e), append(lines, string(line))
	}
	return events, lines
}

func cmdEvent(ts *testscript.TestScript, _ bool, args []string) {
	p := find(ts, args[0])
	deadline := time.Now().Add(patience)
	for {
		events, lines := p.read(ts)
		for i := p.seen; i < len(events); i++ {
			if string(events[i].Type) == args[1] && containsAll(lines[i], args[2:]) {
				p.seen = i + 1
				return
			}
		}
		if time.Now().After(deadline) {
			stderr, _ := os.ReadFile(strings.TrimSuffix(p.events, ".json") + ".err")
			ts.Fatalf("no event %v; since the last one:\n%s\nstderr:\n%s", args[1:], strings.Join(lines[p.seen:], ""), stderr)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func containsAll(line string, texts []string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) })
}

func matching(ts *testscript.TestScript, args []string) (n int, all string) {
	events, lines := find(ts, args[0]).read(ts)
	for i, e := range events {
		if string(e.Type) == args[1] && containsAll(lines[i], args[2:]) {
			n++
		}
	}
	return n, strings.Join(lines, "")
}

func cmdNever(ts *testscript.TestScript, _ bool, args []string) {
	if n, all := matching(ts, args); n > 0 {
		ts.Fatalf("%d events %v in\n%s", n, args[1:], all)
	}
}

func cmdCount(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	if n, all := matching(ts, args[:2]); n != want {
		ts.Fatalf("%d events %s, want %d, in\n%s", n, args[1], want, all)
	}
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

func cmdSave(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path+"~new", []byte(strings.Join(args[1:], " ")+"\n"), 0o644))
	ts.Check(os.Rename(path+"~new", path))
}

func cmdAppend(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	ts.Check(err)
	_, err = fmt.Fprintln(f, strings.Join(args[1:], " "))
	ts.Check(errors.Join(err, f.Close()))
}

func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	if same := ts.ReadFile(args[0]) == ts.ReadFile(args[1]); same == neg {
		ts.Fatalf("%s and %s: same is %v", args[0], args[1], same)
	}
}

// cmdExample copies an example of this repository, without what builds leave in it.
func cmdExample(ts *testscript.TestScript, _ bool, args []string) {
	from, err := filepath.Abs(filepath.Join("..", "..", "examples", args[0]))
	ts.Check(err)
	to := ts.MkAbs(args[1])
	ts.Check(filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil || strings.HasSuffix(path, ".wasm") {
			return err
		}
		if d.IsDir() && slices.Contains([]string{"target", "node_modules", "dist"}, d.Name()) {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o644)
	}))
}

// condition knows [linux] and the like by itself, and [tool:NAME] for a tool
// in PATH: without it the script is skipped, which CI forbids.
func condition(cond string) (bool, error) {
	name, ok := strings.CutPrefix(cond, "tool:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	found := hasTool(name)
	if !found && os.Getenv("ASTRID_DEV_NO_SKIP") != "" {
		return false, fmt.Errorf("%s is missing, and skips are forbidden here", name)
	}
	return found, nil
}

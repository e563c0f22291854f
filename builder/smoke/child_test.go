//go:build unix

package smoke

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// A report as a good child writes it.
const goodAnswer = `{"verdict":"loads","loads":true,"size":1}`

// well is the answer of a child whose nth load went well.
func well(n int) string {
	return fmt.Sprintf(`{"before":%d,"verdict":"loads","loads":true,"size":1,"peak_child_bytes":1}`+"\n", n)
}

// wellAnd answers the first request well, and the second one so.
func wellAnd(then string) {
	requests := json.NewDecoder(os.Stdin)
	var t task
	_ = requests.Decode(&t)
	fmt.Print(well(0))
	if requests.Decode(&t) == nil {
		fmt.Print(then)
	}
}

// misbehave is a child that does something a child must not do.
func misbehave(how string) {
	switch how {
	case "garbage":
		fmt.Print("hello\x00\xff")
	case "well, then nonsense":
		wellAnd(goodAnswer)
	case "well, then another's report":
		wellAnd(well(7))
	case "well, then twice":
		wellAnd(well(1) + well(1))
	case "well, then it ends":
		wellAnd("")
	case "well, then it hangs":
		wellAnd("")
		time.Sleep(time.Hour)
	case "well, but it grew":
		fmt.Print(strings.Replace(well(0), "\"size\":1", "\"size\":1,\"peak_child_bytes\":1000000000", 1))
	case "well, but slowly":
		fmt.Print(strings.Replace(well(0), "\"size\":1", "\"size\":1,\"times\":{\"cpu_ms\":60000}", 1))
	case "nothing":
	case "two reports":
		fmt.Print(goodAnswer, goodAnswer)
	case "half a report":
		fmt.Print(goodAnswer[:20])
	case "lie":
		fmt.Print(`{"verdict":"loads","loads":false}`)
	case "unknown verdict":
		fmt.Print(`{"verdict":"perfect","loads":true}`)
	case "flood":
		for line := strings.Repeat("x", 1<<20); ; {
			if _, err := fmt.Println(line); err != nil {
				return
			}
		}
	case "hang":
		time.Sleep(time.Hour)
	case "raw":
		raw()
	case "linger":
		time.Sleep(5 * time.Second) // outlives its test by little
	case "killed":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Hour)
	case "deserted":
		_ = syscall.Kill(os.Getppid(), syscall.SIGKILL)
		time.Sleep(time.Hour)
	case "exit":
		fmt.Fprintln(os.Stderr, "something went wrong")
		os.Exit(3)
	case "memory":
		var keep [][]byte
		for {
			//lint:ignore SA4010 it is kept so that the collector cannot free it
			keep = append(keep, make([]byte, 256<<20)) // address space is used up without touching it
		}
	case "processor":
		//lint:ignore SA5002 it spins because that is what is tested
		for {
		}
	case "fork":
		_ = exec.Command(os.Args[0], "__misbehave", "hang").Start()
		fmt.Print(goodAnswer)
	case "daemon":
		cmd := exec.Command(os.Args[0], "__misbehave", "linger")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		_ = cmd.Start()
		fmt.Print(goodAnswer)
	}
}

// raw gives the module on standard input to wazero without a scan.
func raw() {
	module, err := io.ReadAll(os.Stdin)
	if err != nil {
		os.Exit(1)
	}
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithMemoryLimitPages(1024))
	if _, err := r.Instantiate(ctx, module); err != nil {
		fmt.Println("an error:", err)
	}
}

// TestKillers shows what the scan is for: these few bytes end a process that gives them to
// wazero, and recover would not help. When an entry stops failing here, wazero has mended it.
func TestKillers(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const huge = 0xffff_ffff
	// Two tables of 2^27 elements are 2 GiB.
	tables := mod(sec(4, vec(cat(funcref, 0, uleb(1<<27)), cat(funcref, 0, uleb(1<<27)))))
	locals := mod(sec(1, vec(fn(nil, nil))), sec(3, vec(uleb(0))), sec(10, vec(bodyLocals(cat(1, uleb(huge), i32)))))
	for name, module := range map[string][]byte{
		"imports": killer(2, huge), "functions": killer(3, huge), "globals": killer(6, huge), "elements": killer(9, huge),
		"bodies": killer(10, huge), "data": killer(11, huge), "tables": tables, "locals": locals,
	} {
		t.Run(fmt.Sprintf("%s, %d bytes", name, len(module)), func(t *testing.T) {
			var errs capture
			errs.limit = defaultOutput
			end, err := proc.Run(t.Context(), proc.Command{Argv: []string{self, "__misbehave", "raw"}, Env: []string{}, Stdin: module,
				Stderr: &errs, Timeout: time.Minute, Limits: proc.Limits{AddressSpace: 2 << 30}})
			if err != nil {
				t.Fatal(err)
			}
			text, _ := errs.text()
			if end.ExitCode == 0 || !strings.Contains(text, "memory") {
				t.Errorf("exit code %d: %s", end.ExitCode, text)
			}
			if r := loadHere(t.Context(), module, Options{}); r.Loads {
				t.Errorf("loads: %v", r.Findings)
			}
		})
	}
}

// TestStart: _start is a program's main, which a smoke load does not run.
func TestStart(t *testing.T) {
	if r := loadHere(t.Context(), voidModule("_start", 0x00), Options{}); !r.Loads {
		t.Errorf("findings %v", r.Findings)
	}
}

// TestChildMisbehaves: whatever the child does, the parent has a verdict in time.
func TestChildMisbehaves(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		how     string
		code    finding.Code
		message string
	}{
		{"garbage", "smoke-child", `beginning with "hello\x00\xff"`},
		{"nothing", "smoke-child", "0 bytes that are no report"},
		{"two reports", "smoke-child", "no report"},
		{"half a report", "smoke-child", "no report"},
		{"lie", "smoke-child", "contradicts itself"},
		{"unknown verdict", "smoke-child", "no report"},
		{"flood", "smoke-child", "more than 16 MiB"},
		{"hang", "smoke-timeout", "had to be killed"},
		{"exit", "smoke-child", "exit code 3"},
		{"memory", "smoke-memory", "2.5 GiB of address space"},
		{"processor", "smoke-timeout", "had to be killed"},
		{"fork", "", ""},
		{"daemon", "smoke-child", "left the process"},
	}
	for _, test := range tests {
		t.Run(test.how, func(t *testing.T) {
			if test.how == "processor" { // it takes all that it may
				testkit.Long(t)
			}
			t.Parallel()
			o := Options{Limits: Limits{Wall: 500 * time.Millisecond, CPUSeconds: 1, AddressSpace: 5 << 29}.withDefaults()}
			start := time.Now()
			c := startChild([]string{self, "__misbehave", test.how}, o.Limits)
			defer c.Close()
			r, err := c.Load(t.Context(), self, o)
			if err != nil {
				t.Fatal(err)
			}
			// The limit is below three seconds; the rest is for a busy machine.
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
			if test.code == "" {
				if !r.Loads {
					t.Errorf("findings %v", r.Findings)
				}
				return
			}
			if r.Loads || r.Verdict != Fails || !hasCode(r, test.code) || !strings.Contains(r.Findings[0].Message, test.message) {
				t.Errorf("verdict %s, findings %v, want %s and %q; stderr %s", r.Verdict, r.Findings, test.code, test.message, r.Stderr)
			}
		})
	}
}

// A child that somebody kills, or whose guardian somebody kills, says nothing of the module: another one loads it.
// Where that is killed too the finding says what to do.
func TestAKilledChildIsNoVerdict(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sound := writeModule(t, voidModule("_initialize"))
	for how, said := range map[string]string{"killed": "SIGKILL", "deserted": "lost its guardian"} {
		t.Run(how, func(t *testing.T) {
			c := startChild([]string{self, "__misbehave", how}, Limits{})
			defer c.Close()
			if r, err := c.Load(t.Context(), sound, Options{}); err != nil || !r.Loads {
				t.Errorf("%v, error %v", r, err)
			}
			again := startChild([]string{self, "__misbehave", how}, Limits{})
			defer again.Close()
			r, err := again.load(t.Context(), sound, Options{}, true)
			if err != nil {
				t.Fatal(err)
			}
			if f := r.Findings[0]; r.Loads || f.Code != "smoke-child" || !strings.Contains(f.Message, said) || !strings.Contains(f.Hint, "r in watch tries again") {
				t.Errorf("%v, hint %s", r.Findings, r.Findings[0].Hint)
			}
		})
	}
}

// TestCancel ends a load in both forms when the caller gives up.
func TestCancel(t *testing.T) {
	loop := voidModule("_initialize", 0x03, 0x40, 0x0c, 0, 0x0b)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r, err := LoadFile(ctx, writeModule(t, loop), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !hasCode(r, "smoke-cancelled") || r.Loads {
		t.Errorf("in the child: %v", r.Findings)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if r := loadHere(ctx, loop, Options{}); !hasCode(r, "smoke-cancelled") || r.Loads {
		t.Errorf("in this process: %v", r.Findings)
	}
}

func TestLoadFileErrors(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "absent.wasm")} {
		if r, err := LoadFile(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: report %v, error %v", path, r, err)
		}
	}
}

// TestSandboxHolds lets a guest try what it must not have.
func TestSandboxHolds(t *testing.T) {
	// fd_write of the same megabyte a hundred times, to stderr.
	flood := mod(
		sec(1, vec(fn([]byte{i32, i32, i32, i32}, []byte{i32}), fn(nil, nil))),
		sec(2, vec(cat(str("wasi_snapshot_preview1"), str("fd_write"), 0, 0))),
		sec(3, vec(uleb(1))),
		sec(5, vec(cat(0, 20))),
		sec(6, vec(cat(i32, 1, 0x41, 0, opEnd))),
		sec(7, vec(export("_initialize", 0, 1), export("memory", 2, 0))),
		sec(10, vec(body(
			0x41, 0, 0x41, 16, 0x36, 2, 0, // iovec: address 16
			0x41, 4, 0x41, sleb(1<<20), 0x36, 2, 0, // 1 MiB
			0x03, 0x40,
			0x41, 2, 0x41, 0, 0x41, 1, 0x41, 8, 0x10, 0, 0x1a,
			0x23, 0, 0x41, 1, 0x6a, 0x24, 0, 0x23, 0, 0x41, sleb(100), 0x48, 0x0d, 0,
			0x0b))),
	)
	r, err := LoadFile(t.Context(), writeModule(t, flood), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Loads || r.Cut < 99<<20 || len(r.Stderr) > defaultOutput+10 {
		t.Errorf("findings %v, cut %d, kept %d", r.Findings, r.Cut, len(r.Stderr))
	}
	// path_open in the first preopened folder, of which there is none: 8 is EBADF.
	open := wasiModule("path_open", []byte{i32, i32, i32, i32, i32, i64, i64, i32, i32}, []byte{i32},
		0x41, 3, 0x41, 0, 0x41, 0, 0x41, 1, 0x41, 0, 0x42, 0x7f, 0x42, 0x7f, 0x41, 0, 0x41, 8, 0x10, 0,
		0x41, 8, 0x47, 0x04, 0x40, 0x00, 0x0b)
	if r := loadHere(t.Context(), open, Options{}); !r.Loads {
		t.Errorf("path_open: %v", r.Findings)
	}
	// No environment: the number of variables, at address 0, stays zero.
	environ := wasiModule("environ_sizes_get", []byte{i32, i32}, []byte{i32},
		0x41, 0, 0x41, 4, 0x10, 0, 0x1a, 0x41, 0, 0x28, 2, 0, 0x04, 0x40, 0x00, 0x0b)
	if r := loadHere(t.Context(), environ, Options{}); !r.Loads {
		t.Errorf("environ_sizes_get: %v", r.Findings)
	}
	// A sleep of an hour returns at once.
	sleep := mod(
		sec(1, vec(fn([]byte{i32, i32, i32, i32}, []byte{i32}), fn(nil, nil))),
		sec(2, vec(cat(str("wasi_snapshot_preview1"), str("poll_oneoff"), 0, 0))),
		sec(3, vec(uleb(1))), sec(5, vec(cat(0, 1))),
		sec(7, vec(export("_initialize", 0, 1), export("memory", 2, 0))),
		sec(10, vec(body(
			0x41, 24, 0x42, sleb(3600e9), 0x37, 3, 0, // timeout of the subscription at 0
			0x41, 0, 0x41, sleb(64), 0x41, 1, 0x41, sleb(128), 0x10, 0, 0x1a))),
	)
	if r := loadHere(t.Context(), sleep, Options{Limits: Limits{Wall: 5 * time.Second}}); !r.Loads {
		t.Errorf("poll_oneoff: %v", r.Findings)
	}
}

// A child's reader does not look at the clock: a load that takes too long to read is given up all the same.
func TestChildThatReadsForLong(t *testing.T) {
	body := testkit.Sized("\x00" + strings.Repeat("\x41\x01\x1a", 1000) + "\x0b")
	bodies := make([][]byte, 15_000)
	for i := range bodies {
		bodies[i] = body
	}
	types := append(binary.AppendUvarint(nil, uint64(len(bodies))), make([]byte, len(bodies))...)
	module := testkit.Core(testkit.Section(1, []byte("\x01\x60\x00\x00")), testkit.Section(3, types), testkit.Section(10, testkit.Vector(bodies...)))
	r, err := LoadFile(t.Context(), writeModule(t, module), Options{Limits: Limits{Wall: time.Millisecond}})
	if err != nil || !hasCode(r, "smoke-timeout") {
		t.Errorf("%v %v", err, r)
	}
}

// One that waits loads when it is told to, and one that is never told ends.
func TestPreparedChild(t *testing.T) {
	c, err := Prepare(Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Load(t.Context(), writeModule(t, voidModule("_initialize")), Options{})
	if err != nil || !r.Loads {
		t.Errorf("%v %v", err, r)
	}
	c.Close()
	c.Close()
	unused, err := Prepare(Limits{})
	if err != nil {
		t.Fatal(err)
	}
	unused.Close()
	(*Child)(nil).Close()
	// Its own limits hold for one that waited longer than they are.
	tight, err := Prepare(Limits{Wall: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer tight.Close()
	if r, err := tight.Load(t.Context(), writeModule(t, voidModule("_initialize", 0x03, 0x40, 0x0c, 0, 0x0b)), Options{}); err != nil || !hasCode(r, "smoke-timeout") {
		t.Errorf("%v %v", err, r)
	}
}

package scaffold

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// faulty is a template whose handler is replaced by one with five faults, each behind a comment
// "fault N" on its line.
type faulty struct {
	example, file string
	edit          func(text string) string
}

// cut replaces what lies in text from one mark to another by instead.
func cut(text, from, to, instead string) string {
	i := strings.Index(text, from)
	if i < 0 {
		panic("no " + from)
	}
	j := len(text)
	if to != "" {
		j = i + strings.Index(text[i:], to)
	}
	return text[:i] + instead + text[j:]
}

var faults = []faulty{
	{"hello-rust", "src/lib.rs", func(text string) string {
		return cut(text, "fn handle", "", `fn handle(action: &str, payload: &[u8]) -> Answer {
    fault(action.as_bytes()[action.len() - 1] - b'0', payload);
    Answer { action: "continue", data: None }
}

#[inline(never)]
fn fault(which: u8, payload: &[u8]) {
    let none: Option<u8> = payload.first().copied().filter(|b| *b == 7);
    match which {
        1 => drop(payload[payload.len() + 1].to_string()), // fault 1
        2 => drop(none.unwrap().to_string()), // fault 2
        3 => drop((100 / payload.len().min(0)).to_string()), // fault 3
        4 => panic!("on purpose"), // fault 4
        5 => drop(std::str::from_utf8(&[0xff, payload.len() as u8]).expect("text").to_string()), // fault 5
        _ => {}
    }
}
`)
	}},
	{"hello-c", "capsule.c", func(text string) string {
		return text + `
static __attribute__((noinline)) int deep(volatile int *n)
{
	volatile int here[64] = {*n}; // fault 5
	return deep(here) + here[1];
}

__attribute__((noinline)) void fault(int which)
{
	volatile int zero = 0;
	void (*volatile nowhere)(void) = 0;
	switch (which) {
	case 1: __builtin_trap(); // fault 1
	case 2: zero = 100 / zero; break; // fault 2
	case 3: nowhere(); break; // fault 3
	case 4: *(volatile int *)0x7fffffff = zero; break; // fault 4
	case 5: zero = deep(&zero); break;
	}
}
`
	}},
	{"hello-zig", "src/capsule.zig", func(text string) string {
		return text + `
var zero: u32 = 0;
const p: *volatile u32 = &zero;

noinline fn fault1() void {
    @trap(); // fault 1
}

noinline fn fault2() void {
    p.* = 100 / p.*; // fault 2
}

noinline fn fault3() void {
    const f: *const fn (u32) void = @ptrFromInt(p.* + 0x7fff);
    f(1); // fault 3
}

noinline fn fault4() void {
    const far: *volatile u32 = @ptrFromInt(0x7ffffffc + p.*);
    far.* = 1; // fault 4
}

noinline fn fault5(n: u32) u32 {
    var here: [64]u32 = undefined;
    const q: *volatile u32 = &here[n % 64];
    q.* = n;
    return fault5(q.* + 1) + q.*; // fault 5
}

pub fn fault(which: u8) void {
    switch (which) {
        1 => fault1(),
        2 => fault2(),
        3 => fault3(),
        4 => fault4(),
        5 => p.* = fault5(p.*),
        else => {},
    }
}
`
	}},
	{"hello-assemblyscript", "assembly/index.ts", func(text string) string {
		return cut(text, "  if (action == \"checksum\")", "function crc32", `  fault(action.charCodeAt(action.length - 1) - 48, payload);
  return new Answer("continue", null);
}

function deep(n: i32): i32 {
  return deep(n + 1) + deep(n + 2); // fault 5
}

function fault1(): void {
  unreachable(); // fault 1
}

function fault2(payload: Uint8Array, zero: i32): void {
  payload[0] = <u8>(1 / zero); // fault 2
}

function fault3(payload: Uint8Array): void {
  payload[0] = load<u8>(0x7fffffff); // fault 3
}

function fault4(name: string): void {
  throw new Error("on purpose: " + name); // fault 4
}

function fault(which: i32, payload: Uint8Array): void {
  if (which == 1) fault1();
  if (which == 2) fault2(payload, min(payload.length, 0));
  if (which == 3) fault3(payload);
  if (which == 4) fault4(payload.length.toString());
  if (which == 5) payload[0] = <u8>deep(0);
}

`)
	}},
	{"hello-go", "main.go", func(text string) string {
		return strings.Replace(text, "	switch action {", "	fault(action[len(action)-1]-'0', payload)\n	switch action {", 1) + `
var kept any

//go:noinline
func fault(which byte, payload []byte) {
	var m map[string]int
	var c *counts
	switch which {
	case 1:
		kept = payload[len(payload)+1] // fault 1
	case 2:
		kept = 1 / len(m) // fault 2
	case 3:
		m["a"] = 1 // fault 3
	case 4:
		kept = c.Words // fault 4
	case 5:
		panic("on purpose") // fault 5
	}
}
`
	}},
	{"hello-js", "capsule.js", func(text string) string {
		return strings.Replace(text, "    run: ({ text }) => titleCase(text),", "    run: ({ text }) => fault(Number(text), text),", 1) + `
function fault(which, payload) {
  let nothing;
  if (which === 1) throw new Error("on purpose"); // fault 1
  if (which === 2) nothing.member = 1; // fault 2
  if (which === 3) nothing(); // fault 3
  if (which === 4) JSON.parse("{"); // fault 4
  if (which === 5) payload.padEnd(-1).repeat(-1); // fault 5
}
`
	}},
}

// prepared plants the faults, and returns on which lines they are.
func prepared(t *testing.T, f faulty, dir string) (lines [6]int) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(f.file))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := f.edit(string(b))
	switch f.example {
	case "hello-c":
		tools := filepath.Join(dir, "tools.c")
		b, err := os.ReadFile(tools)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Write(t, tools, strings.Replace(string(b), "struct answer handle(struct text action, struct text payload)\n{", "void fault(int);\nstruct answer handle(struct text action, struct text payload)\n{\n	fault(action.at[action.len - 1] - '0');", 1))
	case "hello-zig":
		contract := filepath.Join(dir, "src", "contract.zig")
		b, err := os.ReadFile(contract)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Write(t, contract, strings.Replace(string(b), "    const name = action[0..action_len];\n", "    const name = action[0..action_len];\n    @import(\"capsule.zig\").fault(name[name.len - 1] - '0');\n", 1))
	}
	testkit.Write(t, path, text)
	for i, line := range strings.Split(text, "\n") {
		for n := 1; n <= 5; n++ {
			if strings.HasSuffix(line, fmt.Sprintf("// fault %d", n)) {
				lines[n] = i + 1
			}
		}
	}
	return lines
}

// TestTrapsNameTheLine: what a guest of each language dies of is told with the function and the line of
// its source, in a smoke load and in a call, though what is published tells nothing of its source. A plain run
// has each language die once, of a fault that is drawn anew each time.
func TestTrapsNameTheLine(t *testing.T) {
	testkit.Long(t)
	right := 0
	for _, f := range faults {
		t.Run(f.example, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "capsule")
			l := written(t, f.example, dir)
			lines := prepared(t, f, dir)
			m := staged(t, l, dir).Modules[0]
			told := engine.Lines{Module: []byte(m.Lines), Dir: []byte(dir)}
			silent(t, m.Path)
			for _, n := range rand.Perm(5)[:testkit.Rounds(1, 5)] {
				n++
				if dies(t, m.Path, f.call(n), engine.Place{File: f.file, Line: lines[n]}, told) {
					right++
				}
			}
		})
	}
	t.Logf("%d lines are right", right)
}

// silent fails unless what is published tells nothing of its source.
func silent(t *testing.T, path string) {
	t.Helper()
	module, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".debug_info", ".debug_line", "sourceMappingURL"} {
		if bytes.Contains(module, []byte(name)) {
			t.Errorf("what is published has %s", name)
		}
	}
}

// TestLinesChangeNothing: a crate is published as cargo alone makes it, byte for byte.
func TestLinesChangeNothing(t *testing.T) {
	testkit.Long(t)
	dir := filepath.Join(t.TempDir(), "capsule")
	l := written(t, "hello-rust", dir)
	m := built(t, l, dir)
	if m.Lines == "" {
		t.Error("no lines are kept")
	}
	cmd := exec.Command("cargo", "build", "--release", "--target-dir", filepath.Join(t.TempDir(), "alone"))
	cmd.Dir, cmd.Env = dir, environment(t, "rust")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	alone, err := os.ReadFile(filepath.Join(cmd.Args[len(cmd.Args)-1], "wasm32-unknown-unknown", "release", "quick_fox.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := reader.Shared()
	if err != nil {
		t.Fatal(err)
	}
	component, err := r.Wrap(t.Context(), alone)
	if err != nil {
		t.Fatal(err)
	}
	if published, err := os.ReadFile(m.Path); err != nil || !bytes.Equal(component, published) {
		t.Errorf("%d bytes are published where cargo alone leads to %d: %v", len(published), len(component), err)
	}
}

// call has the fault happen. The JavaScript template hands on to its caller what a tool throws, and
// logs where: it does not trap.
func (f faulty) call(n int) smoke.Call {
	if f.example == "hello-js" {
		return smoke.Call{Action: "tool_execute_title_case", Payload: fmt.Appendf(nil, `{"call_id":"1","arguments":{"text":"%d"}}`, n)}
	}
	return smoke.Call{Action: fmt.Sprint("fault_", n), Payload: []byte("{}")}
}

// dies reports whether a call that fails is told with its place, by a smoke load and by a guest.
func dies(t *testing.T, path string, call smoke.Call, want engine.Place, told engine.Lines) bool {
	t.Helper()
	report, err := smoke.LoadFile(t.Context(), path, smoke.Options{Calls: []smoke.Call{call}, Lines: told})
	if err != nil || len(report.Calls) != 1 {
		t.Fatal(err, report)
	}
	if !at(report.Calls[0].Trap, report.Stderr, want) {
		t.Errorf("%s in a smoke load: %+v %v\n%s\nwant %v", call.Payload, report.Calls[0].Trap, report.Calls[0].Error, report.Stderr, want)
		return false
	}
	if report.Kind == smoke.KindCore {
		return true
	}
	g, _, err := guest.Start(t.Context(), path, guest.Options{Lines: told, Host: host.Options{Publish: []string{"tool.v1.execute.*.result"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	o, err := g.Call(t.Context(), call.Action, call.Payload, nil)
	if err != nil || !at(o.Trap, fmt.Sprint(o.Record.Logs), want) {
		t.Errorf("%s in a call: %+v %v, want %v", call.Action, o, err, want)
		return false
	}
	return true
}

func at(trap *engine.Trap, said string, want engine.Place) bool {
	if trap == nil {
		return strings.Contains(said, fmt.Sprintf("%s:%d", want.File, want.Line))
	}
	return trap.At != nil && trap.At.File == want.File && trap.At.Line == want.Line
}

package smoke

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

type hostile struct {
	name  string
	bytes []byte
	code  finding.Code // of one of its findings
}

// killer is a module of one section whose vector claims n elements.
func killer(id int, n uint32, rest ...any) []byte {
	return mod(sec(id, uleb(uint64(n)), cat(rest...)))
}

func hostiles() []hostile {
	const huge = 0xffff_ffff
	loop := cat(0x03, 0x40, 0x0c, 0, 0x0b) // loop br 0 end
	grow := cat(0x03, 0x40, 0x41, 1, 0x40, 0, 0x1a, 0x0c, 0, 0x0b)
	growTable := cat(0x03, 0x40, 0xd0, funcref, 0x41, sleb(1<<20), 0xfc, 15, 0, 0x1a, 0x0c, 0, 0x0b)
	valid := voidModule("_initialize")
	list := []hostile{
		{"empty", nil, "smoke-empty"},
		{"text", []byte("hello, this is no module\n"), "smoke-not-wasm"},
		{"wat", []byte("(module)"), "smoke-not-wasm"},
		{"three bytes", []byte("\x00as"), "smoke-truncated"},
		{"seven bytes", []byte(header[:7]), "smoke-truncated"},
		{"version 2", []byte("\x00asm\x02\x00\x00\x00"), "smoke-version"},
		{"cut", valid[:len(valid)-3], "smoke-truncated"},
		{"loop in _initialize", voidModule("_initialize", loop), "smoke-timeout"},
		{"loop in start", mod(sec(1, vec(fn(nil, nil))), sec(3, vec(uleb(0))), sec(8, 0), sec(10, vec(body(loop)))), "smoke-timeout"},
		{"memory bomb", voidModule("_initialize", grow), "smoke-timeout"},
		{"memory bomb that gives up", voidModule("_initialize",
			0x03, 0x40, 0x41, 1, 0x40, 0, 0x41, 0x7f, 0x47, 0x0d, 0, 0x0b), ""},
		{"4 GiB minimum", mod(sec(5, vec(cat(0, uleb(65536))))), "smoke-memory"},
		{"beyond 4 GiB", mod(sec(5, vec(cat(0, uleb(65537))))), "smoke-invalid"},
		{"table grows", mod(sec(1, vec(fn(nil, nil))), sec(3, vec(uleb(0))), sec(4, vec(cat(funcref, 0, 0))),
			sec(7, vec(export("_initialize", 0, 0))), sec(10, vec(body(growTable)))), "smoke-timeout"},
		{"table minimum", mod(sec(4, vec(cat(funcref, 0, uleb(1<<27))))), "smoke-table"},
		{"many tables", mod(sec(4, vec(slices.Repeat([][]byte{cat(funcref, 0, uleb(1<<20))}, 90)...))), "smoke-table"},
		{"unreachable", voidModule("_initialize", 0x00), "smoke-trap"},
		{"recursion", voidModule("_initialize", 0x10, 0), "smoke-stack"},
		{"_initialize takes a value", mod(sec(1, vec(fn([]byte{i32}, nil))), sec(3, vec(uleb(0))),
			sec(7, vec(export("_initialize", 0, 0))), sec(10, vec(body()))), "smoke-shape"},
		{"blocks 100,000 deep", voidModule("_initialize", bytes.Repeat([]byte{0x02, 0x40}, 100_000), bytes.Repeat([]byte{0x0b}, 100_000)), ""},
		{"ifs 100,000 deep", voidModule("_initialize", bytes.Repeat([]byte{0x41, 0, 0x04, 0x40}, 100_000), bytes.Repeat([]byte{0x0b}, 100_000)), ""},
		{"100,000 functions", mod(sec(1, vec(fn(nil, nil))), sec(3, uleb(100_000), make([]byte, 100_000)),
			sec(10, uleb(100_000), bytes.Repeat([]byte{2, 0, opEnd}, 100_000))), ""},
		{"locals of many functions", mod(sec(1, vec(fn(nil, nil))), sec(3, uleb(1000), make([]byte, 1000)),
			sec(10, uleb(1000), bytes.Repeat(bodyLocals(cat(1, uleb(50_000), i32)), 1000))), "smoke-limit"},
		{"results by the million", mod(sec(1, vec(fn(nil, bytes.Repeat([]byte{i32}, 1000)), fn(nil, nil))), sec(3, vec(uleb(0), uleb(1))),
			sec(10, vec(body(bytes.Repeat([]byte{0x41, 0}, 1000)), body(bytes.Repeat([]byte{0x10, 0}, 200_000), 0x00)))), "smoke-limit"},
		{"proc_exit", wasiModule("proc_exit", []byte{i32}, nil, 0x41, 7, 0x10, 0), "smoke-exit"},
		{"proc_exit 0", wasiModule("proc_exit", []byte{i32}, nil, 0x41, 0, 0x10, 0), "smoke-exit"},
		{"table of 100,000 targets", voidModule("_initialize", 0x41, 0, 0x0e, uleb(100_000), make([]byte, 100_001)), ""},
		{"table of 4 G targets", voidModule("_initialize", 0x41, 0, 0x0e, uleb(huge), 0), "smoke-invalid"},
		{"unreachable table of 4 G targets", voidModule("_initialize", 0x00, 0x0e, uleb(huge), 0), "smoke-invalid"},
		{"select of 4 G types", voidModule("_initialize", 0x41, 0, 0x41, 0, 0x41, 0, 0x1c, uleb(huge), i32, 0x1a), "smoke-invalid"},
		{"start out of range", mod(sec(8, uleb(3))), "smoke-invalid"},
		{"function of no type", mod(sec(3, vec(uleb(9))), sec(10, vec(body()))), "smoke-invalid"},
		{"imported function of no type", mod(sec(2, vec(cat(str("a"), str("b"), 0, 5)))), "smoke-invalid"},
		{"element for no table", mod(sec(9, vec(cat(0, 0x41, 0, opEnd, 0)))), "smoke-invalid"},
		{"data outside memory", mod(sec(5, vec(cat(0, 1))), sec(11, vec(cat(0, 0x41, sleb(1<<20), opEnd, str("x"))))), "smoke-trap"},
		{"data of 4 GiB", mod(sec(5, vec(cat(0, 1))), sec(11, 1, 0, 0x41, 0, opEnd, uleb(huge))), "smoke-truncated"},
		{"4 G locals", mod(sec(1, vec(fn(nil, nil))), sec(3, vec(uleb(0))), sec(10, vec(bodyLocals(cat(1, uleb(huge), i32))))), "smoke-invalid"},
		{"4 G groups of locals", mod(sec(1, vec(fn(nil, nil))), sec(3, vec(uleb(0))), sec(10, vec(bodyLocals(uleb(huge))))), "smoke-invalid"},
		{"name section of 4 G names", cat(valid, sec(0, str("name"), 1, uleb(6), uleb(huge), 0)), ""},
		{"import name of 4 GiB", killer(2, 1, uleb(huge)), "smoke-invalid"},
		{"recursive group", mod(sec(1, 1, 0x4e, uleb(huge))), "smoke-invalid"},
	}
	for _, id := range []int{1, 2, 3, 4, 5, 6, 7, 9, 10, 11} { // 8 and 12 are a single number
		list = append(list, hostile{fmt.Sprintf("4 G in section %d", id), killer(id, huge), "smoke-invalid"})
	}
	return list
}

// wasiModule imports one WASI function and runs code in _initialize, which is function 1.
func wasiModule(name string, params, results []byte, code ...any) []byte {
	return mod(
		sec(1, vec(fn(params, results), fn(nil, nil))),
		sec(2, vec(cat(str("wasi_snapshot_preview1"), str(name), 0, 0))),
		sec(3, vec(uleb(1))),
		sec(5, vec(cat(0, 1))),
		sec(7, vec(export("_initialize", 0, 1), export("memory", 2, 0))),
		sec(10, vec(body(code...))),
	)
}

func hasCode(r *Report, code finding.Code) bool {
	for _, f := range r.Findings {
		if f.Code == code {
			return true
		}
	}
	return false
}

func checkHostile(t *testing.T, h hostile, r *Report) {
	t.Helper()
	if h.code == "smoke-timeout" && r.Verdict == Unknown && hasCode(r, "smoke-slow") {
		return // this machine had no time for it: a verdict too, and within the limits
	}
	if h.code == "" {
		if !r.Loads {
			t.Errorf("does not load: %v", r.Findings)
		}
		return
	}
	if r.Loads || r.Verdict != Fails {
		t.Errorf("loads, want %s", h.code)
	}
	if !hasCode(r, h.code) {
		t.Errorf("findings %v, want %s", r.Findings, h.code)
	}
}

// TestHostile loads every hostile module in this process: the scan and the sandbox must
// hold without the child.
func TestHostile(t *testing.T) {
	for _, h := range hostiles() {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Limits: Limits{Wall: time.Minute}}
			if h.code == "smoke-timeout" {
				o.Limits.Wall = 200 * time.Millisecond
			}
			r := loadHere(t.Context(), h.bytes, o)
			checkHostile(t, h, r)
			if limit := uint64(engine.Memories * defaultMemory); r.PeakGuest > limit {
				t.Errorf("guest memory reached %d", r.PeakGuest)
			}
			for _, f := range r.Findings {
				if strings.Contains(f.Message, "goroutine") || strings.Contains(f.Message, "\n") {
					t.Errorf("message is not one sentence: %q", f.Message)
				}
			}
		})
	}
}

func writeModule(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.wasm")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestHostileInChild loads them the way the tool does.
func TestHostileInChild(t *testing.T) {
	for _, h := range hostiles() {
		t.Run(h.name, func(t *testing.T) {
			testkit.Long(t) // a process for each, of bytes that TestHostile loads without one
			t.Parallel()
			o := Options{Limits: Limits{Wall: time.Minute}} // for a busy machine under the race detector
			if h.code == "smoke-timeout" {
				o.Limits.Wall = 300 * time.Millisecond
			}
			start := time.Now()
			r, err := LoadFile(context.Background(), writeModule(t, h.bytes), o)
			if err != nil {
				t.Fatal(err)
			}
			checkHostile(t, h, r)
			if took := time.Since(start); took > 90*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

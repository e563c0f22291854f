package smoke

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// Some host functions must not be plain zeros, or the guest waits for ever or its own
// message is lost: output streams take what they are given, random bytes have the length
// that was asked for, clocks run, exit ends, and the log is kept. Nothing here reaches the outside.

// hostCall is a call of a stubbed component function.
type hostCall struct {
	ctx     context.Context
	stack   []uint64 // parameters; results go to the front
	memory  api.Memory
	realloc api.Function
	area    uint32 // address of the return area, already zeroed; 0 when there is none
	out     *captures
}

// Handles of the two standard streams, so that a write tells which it is for.
const (
	stdoutHandle = 1
	stderrHandle = 2
)

// hostFunctions are the exceptions by interface without version and function name.
var hostFunctions = map[string]func(*hostCall){
	"wasi:cli/stdout#get-stdout":                                     func(c *hostCall) { c.stack[0] = stdoutHandle },
	"wasi:cli/stderr#get-stderr":                                     func(c *hostCall) { c.stack[0] = stderrHandle },
	"wasi:cli/exit#exit":                                             func(c *hostCall) { panic(sys.NewExitError(uint32(c.stack[0]))) },
	"wasi:cli/exit#exit-with-code":                                   func(c *hostCall) { panic(sys.NewExitError(uint32(c.stack[0]))) },
	"wasi:io/streams#[method]output-stream.check-write":              checkWrite,
	"wasi:io/streams#[method]output-stream.write":                    writeStream,
	"wasi:io/streams#[method]output-stream.blocking-write-and-flush": writeStream,
	"wasi:clocks/monotonic-clock#now":                                func(c *hostCall) { c.stack[0] = c.out.tick() },
	"wasi:clocks/wall-clock#now":                                     func(c *hostCall) { c.memory.WriteUint64Le(c.area, c.out.tick()/1e9) },
	"wasi:random/random#get-random-bytes":                            randomBytes,
	"wasi:random/insecure#get-insecure-random-bytes":                 randomBytes,
	"astrid:sys/host#log":                                            logLine,
	"astrid:sys/host#random-bytes":                                   sysRandomBytes,
	"astrid:sys/host#clock-monotonic-ns":                             func(c *hostCall) { c.stack[0] = c.out.tick() },
	"astrid:sys/host#clock-ms":                                       func(c *hostCall) { c.stack[0] = c.out.tick() / 1e6 },
}

// exceptional finds the exception for a function.
func exceptional(f *reader.HostFunction) func(*hostCall) {
	iface, _, _ := strings.Cut(f.Module, "@")
	return hostFunctions[iface+"#"+f.Function]
}

// checkWrite permits 64 KiB: result<u64, stream-error>, ok is case 0.
func checkWrite(c *hostCall) { c.memory.WriteUint64Le(c.area+8, 64<<10) }

// writeStream takes (self, pointer, length).
func writeStream(c *hostCall) {
	to := io.Writer(&c.out.stderr)
	if uint32(c.stack[0]) == stdoutHandle {
		to = &c.out.stdout
	}
	c.copyTo(to, uint32(c.stack[1]), uint32(c.stack[2]))
}

func (c *hostCall) copyTo(w io.Writer, address, n uint32) {
	b, ok := c.memory.Read(address, n)
	if !ok {
		panic(engine.ErrArea)
	}
	_, _ = w.Write(b)
}

// logLine takes (level, pointer, length); levels have no common encoding, so only
// the text is kept.
func logLine(c *hostCall) {
	if len(c.stack) < 3 {
		return
	}
	fmt.Fprint(&c.out.stderr, "log: ")
	c.copyTo(&c.out.stderr, uint32(c.stack[1]), uint32(c.stack[2]))
	fmt.Fprintln(&c.out.stderr)
}

// maxRandom bounds one request; real ones are for seeds.
const maxRandom = 1 << 20

// sysRandomBytes answers result<list<u8>, ...>: the list follows its case.
func sysRandomBytes(c *hostCall) {
	c.area += 4
	randomBytes(c)
}

// randomBytes fills a list with a fixed pattern: a load must not depend on luck.
func randomBytes(c *hostCall) {
	n := c.stack[0]
	if n > maxRandom || c.realloc == nil {
		return
	}
	out, err := c.realloc.Call(c.ctx, 0, 0, 1, n)
	if err != nil {
		panic(err)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*167 + 13) // visits every byte value before it repeats
	}
	if len(out) != 1 || !c.memory.Write(uint32(out[0]), b) {
		panic(engine.ErrArea)
	}
	c.memory.WriteUint32Le(c.area, uint32(out[0]))
	c.memory.WriteUint32Le(c.area+4, uint32(n))
}

// live is a module that is being brought to life, or has been, with a host that answers
// with zeros.
type live struct {
	*engine.Guest
	work      *work
	report    *Report
	ready     readiness
	readiness []finding.Finding // what calling run showed
}

// Drop implements engine.Host: there are no resources here.
func (l *live) Drop(uint32) {}

// Function implements engine.Host. It zeroes the return area, which is the first case, no
// value, the empty list or handle 0, and makes the exceptions above.
func (l *live) Function(g *engine.Guest, f *reader.HostFunction) api.GoModuleFunc {
	if f.Op == "stub" {
		return nil
	}
	var area []byte
	if f.Area != nil {
		area = make([]byte, *f.Area)
	}
	special := exceptional(f)
	if f.Options.Async || f.Spilled {
		special = nil // their parameters lie elsewhere
	}
	waits := l.ready.watch(f)
	return func(ctx context.Context, _ api.Module, stack []uint64) {
		if waits != nil {
			waits(stack)
		}
		c := &hostCall{ctx: ctx, stack: stack, out: l.work.out, memory: g.Memory(f.Options)}
		if area != nil {
			c.area = uint32(stack[len(f.Params)-1])
			if c.memory == nil || !c.memory.Write(c.area, area) {
				panic(engine.ErrArea)
			}
		}
		if special != nil && (c.memory != nil || len(f.Params) < 2) {
			c.realloc = g.Realloc(f.Options)
			if len(f.Params) == 0 {
				clear(stack[:len(f.Results)])
			}
			special(c)
			return
		}
		clear(stack[:len(f.Results)])
		if f.Options.Async {
			stack[0] = engine.SubtaskReturned
		}
	}
}

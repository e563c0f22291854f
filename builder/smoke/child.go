package smoke

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

const (
	childArgument = "__smoke" // hidden first argument of the binary
	// Start of the child, reading the file, writing the report: 30 ms measured, two
	// seconds on a machine that swaps.
	childSlack = 2 * time.Second
	// Nothing in the child needs time to clean up.
	childGrace = 100 * time.Millisecond
	// A report of a module with 20,000 imports is about 3 MB.
	maxResult = 16 << 20
)

// MaxFile is how many bytes a module may have.
const MaxFile = engine.MaxModule

// LoadFile examines the module in path in a child process with an address-space,
// processor and time limit. Whatever the child does, the result is a report: a child that
// died or answered nonsense is a finding "smoke-child". The error is for a file that
// cannot be read, or a child that could not be started. The binary's main, and TestMain
// of a test, must call Main first.
func LoadFile(ctx context.Context, path string, o Options) (*Report, error) {
	c, err := Prepare(o.Limits)
	if err != nil {
		return nil, fmt.Errorf("smoke-loading %q: %w", path, err)
	}
	defer c.Close()
	return c.Load(ctx, path, o)
}

// Child is a process that has compiled the reader and waits to be told what to load, so
// that who prepares it while a compiler runs need not wait for it. It loads one module.
type Child struct {
	limits Limits
	task   chan []byte // the request; closed by Close
	cancel context.CancelFunc
	closed sync.Once

	done chan struct{} // closed when the process has ended; then:
	end  proc.Result
	err  error
	out  *bounded
	errs *capture
}

// Prepare starts a child with the given limits. Close ends it, also after Load.
func Prepare(l Limits) (*Child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	return startChild([]string{self, childArgument, reader.CacheFolder()}, l), nil
}

func startChild(argv []string, l Limits) *Child {
	ctx, cancel := context.WithCancel(context.Background())
	c := &Child{limits: l.withDefaults(), task: make(chan []byte, 1), cancel: cancel, done: make(chan struct{}),
		out: &bounded{limit: maxResult, full: cancel}, errs: &capture{limit: defaultOutput}}
	go func() {
		defer close(c.done)
		c.end, c.err = proc.Run(ctx, proc.Command{
			Argv: argv, Env: []string{}, StdinLater: c.task, Stdout: c.out, Stderr: c.errs, Grace: childGrace,
			Limits: proc.Limits{AddressSpace: c.limits.AddressSpace, CPUSeconds: c.limits.CPUSeconds},
		})
	}()
	return c
}

// Waits reports whether the child has not ended, as one does that somebody kills.
func (c *Child) Waits() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// Close ends the child and waits for its end. It may be called twice, and on nil.
func (c *Child) Close() {
	if c == nil {
		return
	}
	c.cancel()
	<-c.done
	c.closed.Do(func() { close(c.task) })
}

// task is what a child is told.
type task struct {
	Path    []byte  `json:"path"` // bytes: a file's name need not be text
	Options Options `json:"options"`
}

// Load has the child load the module in path, within the limits that it was prepared
// with. It is called once.
func (c *Child) Load(ctx context.Context, path string, o Options) (*Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("smoke-loading: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("smoke-loading %q: not a regular file", path)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("smoke-loading: %w", err)
	}
	o.Limits = c.limits
	request, err := json.Marshal(task{[]byte(path), o})
	if err != nil {
		return nil, fmt.Errorf("smoke-loading: writing the request: %w", err)
	}
	start := time.Now()
	c.task <- request
	late := time.NewTimer(engine.ClockPatience*c.limits.whole() + childSlack)
	defer late.Stop()
	timedOut := false
	select {
	case <-c.done:
	case <-ctx.Done():
	case <-late.C:
		timedOut = true
	}
	c.cancel()
	<-c.done
	if c.err != nil {
		return nil, fmt.Errorf("smoke-loading: starting the child: %w", c.err)
	}
	c.end.Duration = min(c.end.Duration, time.Since(start)) // without what it waited
	if timedOut {
		c.end.TimedOut, c.end.Cancelled = true, false
	}
	return c.report(o, info.Size(), time.Since(start)), nil
}

// report is the child's own, or tells how it ended instead of giving one.
func (c *Child) report(o Options, size int64, took time.Duration) *Report {
	r := &Report{}
	message, _ := c.errs.text()
	if problem := misbehaved(c.end, c.out, r); problem != "" {
		r = &Report{Size: size, Declared: o.Declared, Verdict: Fails, Stderr: message}
		c.blame(r, problem)
	}
	r.Times.Total = millis(took)
	return r
}

// misbehaved reads the report, or says how the child ended instead of giving one.
func misbehaved(end proc.Result, out *bounded, r *Report) string {
	switch {
	case out.cut:
		return fmt.Sprintf("answered with more than %d MiB", maxResult>>20)
	case end.Cancelled:
		return "was cancelled"
	case end.TimedOut:
		return "did not end in time and was killed"
	case end.Signal != "":
		return "was killed by the signal " + end.Signal
	case end.ExitCode != 0:
		return fmt.Sprintf("ended with exit code %d", end.ExitCode)
	case len(end.Strays) > 0:
		return fmt.Sprintf("left the process %d (%s) behind", end.Strays[0].PID, end.Strays[0].Command)
	}
	// A report and nothing else: one with a second value behind it is not ours.
	err := json.Unmarshal(out.Bytes(), r)
	switch {
	case err != nil || r.Verdict != Loads && r.Verdict != Unknown && r.Verdict != Fails:
		return fmt.Sprintf("answered with %d bytes that are no report, beginning with %s", out.Len(), quoteStart(out.Bytes()))
	case r.Loads != (r.Verdict != Fails) || r.Verdict == Fails && finding.Count(r.Findings, finding.Error) == 0:
		return "answered with a report that contradicts itself"
	}
	return ""
}

// blame turns the child's end into a finding of r. Two ends have causes that are known.
func (c *Child) blame(r *Report, problem string) {
	end, flooded := c.end, c.out.cut
	switch {
	case end.Cancelled && !flooded:
		r.fail(finding.SmokeCancelled, "the load was cancelled", "")
	case engine.OutOfMemory(r.Stderr):
		r.fail(finding.SmokeMemory, fmt.Sprintf("loading it needs more than %s of address space", text.Memory(c.limits.AddressSpace)),
			"it would be too large for the kernel too: look for recursion without an end, and for code or data that need not be in it")
	case end.TimedOut && !flooded, end.Signal == "SIGXCPU", end.Signal == "SIGKILL" && end.Duration >= time.Duration(c.limits.CPUSeconds)*time.Second:
		// Go ignores SIGXCPU, and the kernel kills a second later.
		r.fail(finding.SmokeTimeout, fmt.Sprintf("not done after %s, and the child that loads it had to be killed", c.limits.Wall), timeoutHint)
	default:
		r.fail(finding.SmokeChild, "the child that loads it "+problem, "if it happens again, report it with the module and the output that is shown")
	}
}

// bounded is a buffer that does not grow beyond limit, and calls full when it should.
type bounded struct {
	bytes.Buffer
	limit int
	full  func()
	cut   bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		b.cut = true
		b.full()
		return len(p), nil
	}
	return b.Buffer.Write(p)
}

// Main is the child's side: with args (os.Args without the program) that begin with
// the hidden argument it compiles the reader, is told on standard input what to load, and
// writes the report to standard output. Every program that calls LoadFile or Prepare calls
// it before anything else and exits with code when handled.
func Main(args []string) (code int, handled bool) {
	return engine.Child(args, childArgument, serve)
}

func serve(in io.Reader, out io.Writer) error {
	_, _ = reader.Shared() // the load tells of an error
	_ = engine.Offered()
	var t task
	if err := json.NewDecoder(in).Decode(&t); err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	module, err := engine.ReadModule(string(t.Path))
	var r *Report
	if errors.Is(err, engine.ErrTooLarge) {
		r = &Report{}
		r.fail(finding.SmokeSize, err.Error(), "leave out debug information and embedded data")
	} else if err != nil {
		return err
	} else {
		r = loadKnown(context.Background(), module, t.Options, engine.ProcessorTime(), notesFor(module, t.Options))
	}
	r.PeakChild, r.Times.CPU = engine.Usage()
	return json.NewEncoder(out).Encode(r)
}

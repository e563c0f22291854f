package smoke

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
// died or answered nonsense is a finding "smoke-child"; one that somebody else killed is tried once more. The error is for a file that
// cannot be read, or a child that could not be started. The binary's main, and TestMain
// of a test, must call Main first.
func LoadFile(ctx context.Context, path string, o Options) (*Report, error) {
	r, killed, err := loadFresh(ctx, path, o)
	if killed {
		r, _, err = loadFresh(ctx, path, o)
	}
	return r, err
}

// loadFresh loads a module in a child of its own.
func loadFresh(ctx context.Context, path string, o Options) (r *Report, killed bool, err error) {
	c, err := Prepare(o.Limits)
	if err != nil {
		return nil, false, fmt.Errorf("smoke-loading %q: %w", path, err)
	}
	defer c.Close()
	r, err = c.load(ctx, path, o, true)
	return r, err == nil && c.killed(), err
}

// Child is a process that has compiled the reader and waits to be told what to load, so
// that who prepares it while a compiler runs need not wait for it. It is used by one goroutine.
type Child struct {
	limits Limits
	asked  int         // how many modules it was told to load
	spent  float64     // milliseconds of a processor that their loads took, its start included
	worn   bool        // it has grown, or used much of its time, and is to load nothing more
	tasks  chan []byte // what it is told; closed when there is no more
	cancel context.CancelFunc
	closed sync.Once

	done chan struct{} // closed when the process has ended; then:
	end  proc.Result
	err  error
	out  *answers
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
	c := &Child{limits: l.withDefaults(), tasks: make(chan []byte, 1), cancel: cancel, done: make(chan struct{}),
		out: &answers{limit: maxResult, full: cancel, came: make(chan struct{}, 1)}, errs: &capture{limit: defaultOutput}}
	go func() {
		defer close(c.done)
		c.end, c.err = proc.Run(ctx, proc.Command{
			Argv: argv, Env: []string{}, StdinLater: c.tasks, Stdout: c.out, Stderr: c.errs, Grace: childGrace,
			Limits: proc.Limits{AddressSpace: c.limits.AddressSpace, CPUSeconds: c.limits.CPUSeconds},
		})
	}()
	return c
}

// Waits reports whether the child is to load another module: it is not worn, and has not ended, as one does that
// somebody kills, and one that has loaded a module which did not load well.
func (c *Child) Waits() bool {
	select {
	case <-c.done:
		return false
	default:
		return !c.worn
	}
}

// Fits reports whether the child was prepared with these limits.
func (c *Child) Fits(l Limits) bool { return c.limits == l.withDefaults() }

// Close ends the child and waits for its end. It may be called twice, and on nil.
func (c *Child) Close() {
	if c == nil {
		return
	}
	c.cancel()
	<-c.done
	c.noMore()
}

// noMore tells the child that there is nothing more to load. It ends then.
func (c *Child) noMore() { c.closed.Do(func() { close(c.tasks) }) }

// task is what a child is told.
type task struct {
	Path    []byte  `json:"path"` // bytes: a file's name need not be text
	Options Options `json:"options"`
}

// Load has the child load the module in path, within the limits that it was prepared with. After
// a load that went well the child waits for the next one, while it is small and has used little of its
// time. What a child that has loaded something before says counts only when all went well: it has
// less memory and time than a new one, so that what it takes a new one takes, and all else is loaded
// once more in a new one. So is what a child was to load that somebody else killed.
func (c *Child) Load(ctx context.Context, path string, o Options) (*Report, error) {
	if used := c.asked > 0; !used || c.Waits() {
		r, err := c.load(ctx, path, o, false)
		if err == nil && wentWell(r) || ctx.Err() != nil {
			return r, err
		}
		if !used && (err != nil || c.Waits() || !c.killed()) {
			return r, err
		}
	}
	o.Limits = c.limits
	return LoadFile(ctx, path, o)
}

// load has the child load one module. When it is the last one, or did not go well, the child has
// ended afterwards.
func (c *Child) load(ctx context.Context, path string, o Options, last bool) (*Report, error) {
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
	c.asked++
	c.tasks <- request
	if last {
		c.noMore()
	}
	r, timedOut := c.await(ctx, last)
	took := time.Since(start)
	if r == nil {
		c.cancel()
		<-c.done
		if c.err != nil && !c.deserted() {
			return nil, fmt.Errorf("smoke-loading: starting the child: %w", c.err)
		}
		c.end.Duration = min(c.end.Duration, took) // without what it waited
		if timedOut {
			c.end.TimedOut, c.end.Cancelled = true, false
		}
		r = c.report(o, info.Size())
	}
	r.Times.Total = millis(took)
	return r, nil
}

// await is the report of a load after which the child waits for more; nil when it is to end or has
// ended, so that what it said until then is its answer.
func (c *Child) await(ctx context.Context, last bool) (r *Report, timedOut bool) {
	late := time.NewTimer(engine.ClockPatience*c.limits.whole() + childSlack)
	defer late.Stop()
	came, lateOnce := c.out.came, false
	if last {
		came = nil
	}
	for {
		select {
		case <-came:
			if r := c.goesOn(); r != nil {
				return r, false
			}
			came = nil
			c.noMore()
		case <-c.done:
			return nil, false
		case <-ctx.Done():
			return nil, false
		case <-late.C:
			if lateOnce {
				return nil, true
			}
			lateOnce = true // who was stopped for that long (SIGSTOP) has not read yet what the child said
			late.Reset(childSlack)
		}
	}
}

// goesOn is the report of a load that went well, so that nobody need wait for the child's end; else nil.
func (c *Child) goesOn() *Report {
	r, problem := c.read(c.out.take())
	if problem != "" || !wentWell(r) {
		return nil
	}
	c.spent += r.Times.CPU
	c.worn = engine.Worn(r.PeakChild, c.spent, c.limits.CPUSeconds)
	c.out.reset()
	return r
}

// report is the child's own, or tells how it ended instead of giving one.
func (c *Child) report(o Options, size int64) *Report {
	r, problem := c.misbehaved()
	if problem != "" {
		message, _ := c.errs.text()
		r = &Report{Size: size, Declared: o.Declared, Verdict: Fails, Stderr: message}
		c.blame(r, problem)
	}
	return r
}

// misbehaved reads the report, or says how the child ended instead of giving one.
func (c *Child) misbehaved() (r *Report, problem string) {
	switch end := c.end; {
	case c.deserted():
		return nil, "lost its guardian, which was killed"
	case c.out.cut:
		return nil, fmt.Sprintf("answered with more than %d MiB", maxResult>>20)
	case end.Cancelled:
		return nil, "was cancelled"
	case end.TimedOut:
		return nil, "did not end in time and was killed"
	case end.Signal != "":
		return nil, "was killed by the signal " + end.Signal
	case end.ExitCode != 0:
		return nil, fmt.Sprintf("ended with exit code %d", end.ExitCode)
	case len(end.Strays) > 0:
		return nil, fmt.Sprintf("left the process %d (%s) behind", end.Strays[0].PID, end.Strays[0].Command)
	}
	return c.read(c.out.take())
}

// read reads what a child said, which must be the report of what it was asked last and nothing
// else: one with a second value behind it is not ours.
func (c *Child) read(said []byte) (r *Report, problem string) {
	a := answer{Report: &Report{}}
	err := json.Unmarshal(said, &a)
	switch r = a.Report; {
	case err != nil || r.Verdict != Loads && r.Verdict != Unknown && r.Verdict != Fails:
		return nil, fmt.Sprintf("answered with %d bytes that are no report, beginning with %s", len(said), quoteStart(said))
	case r.Loads != (r.Verdict != Fails) || r.Verdict == Fails && finding.Count(r.Findings, finding.Error) == 0:
		return nil, "answered with a report that contradicts itself"
	case a.Before != c.asked-1:
		return nil, "answered with the report of another load"
	}
	return r, ""
}

// deserted reports whether the child's guardian was killed. The child has ended.
func (c *Child) deserted() bool { return errors.Is(c.err, proc.ErrDeserted) }

// killed reports whether somebody else has ended the child, which says nothing of the module. The child has ended.
func (c *Child) killed() bool {
	said, _ := c.errs.text()
	return c.deserted() || c.end.Killed() && !c.end.UsedUp(c.limits.CPUSeconds) && !engine.OutOfMemory(said)
}

// KilledHint is what to do where two children after each other were killed.
const KilledHint = "the system does that when memory runs out (its log says so): free some, or lower --jobs. r in watch tries again, and so does the next start"

// blame turns the child's end into a finding of r. Some ends have causes that are known.
func (c *Child) blame(r *Report, problem string) {
	end, flooded := c.end, c.out.cut
	switch {
	case end.Cancelled && !flooded:
		r.fail(finding.SmokeCancelled, "the load was cancelled", "")
	case engine.OutOfMemory(r.Stderr):
		r.fail(finding.SmokeMemory, fmt.Sprintf("loading it needs more than %s of address space", text.Memory(c.limits.AddressSpace)),
			"it would be too large for the kernel too: look for recursion without an end, and for code or data that need not be in it")
	case end.TimedOut && !flooded:
		r.fail(finding.SmokeTimeout, fmt.Sprintf("not done after %s by the clock, and the child that loads it had to be killed", engine.ClockPatience*c.limits.whole()), timeoutHint)
	case end.UsedUp(c.limits.CPUSeconds):
		r.fail(finding.SmokeTimeout, fmt.Sprintf("not done after %d s of a processor's time, and the child that loads it had to be killed", c.limits.CPUSeconds), timeoutHint)
	case c.killed():
		r.fail(finding.SmokeChild, fmt.Sprintf("the child that loads it %s, and neither the module nor astrid-dev did that; so was the child before it", problem), KilledHint)
	default:
		r.fail(finding.SmokeChild, "the child that loads it "+problem, "if it happens again, report it with the module and the output that is shown")
	}
}

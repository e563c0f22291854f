package guest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

const (
	// Start of the child, reading the module, writing the answer: package smoke's, for its reasons.
	childSlack = 5 * time.Second
	childGrace = 100 * time.Millisecond // nothing in the child needs time to clean up
	// An outcome with a full record, an answer and all that is stored, in base64.
	maxOutcome = 256 << 20
)

// Guest is a module in a child of its own. After an error of Call, Deliver or Renew it only
// waits for Close. One that Rests can load another module, while all went well.
type Guest struct {
	limits  Limits
	tasks   chan []byte
	answers chan []byte
	cancel  context.CancelFunc
	closed  sync.Once
	runLoop bool
	asked   int         // requests
	loads   int         // modules that it was told to load
	amiss   bool        // something went not well, since the child is there
	busy    atomic.Bool // it was told to load a module, and does not rest
	worn    atomic.Bool // it is to load nothing more

	done chan struct{} // closed when the child has ended; then:
	end  proc.Result
	err  error
	errs tail
	cut  bool
}

// Error is a module that cannot be run here, and why.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

// ErrKilled is the error of a child that somebody else ended. It says nothing of the module.
var ErrKilled = errors.New("the process that runs it was killed, by somebody or by the system when memory ran out: try again")

// Start is Prepare and Load.
func Start(ctx context.Context, path string, o Options) (*Guest, *Outcome, error) {
	g, err := Prepare(o.Limits)
	if err != nil {
		return nil, nil, err
	}
	outcome, err := g.Load(ctx, path, o)
	if err != nil {
		g.Close()
		return nil, outcome, err
	}
	return g, outcome, nil
}

// Prepare starts a child with the given limits, which has compiled the reader when it is told what to load. Close ends it, also
// after Load. The binary's main, and TestMain of a test, must call Main first.
func Prepare(l Limits) (*Guest, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	return start([]string{self, childArgument, reader.CacheFolder()}, l.withDefaults()), nil
}

// Waits reports whether the child can load a module: it has none, is not worn, and has not ended, as one does that somebody kills.
func (g *Guest) Waits() bool {
	select {
	case <-g.done:
		return false
	default:
		return !g.busy.Load() && !g.worn.Load()
	}
}

// Fits reports whether the child was prepared with these limits.
func (g *Guest) Fits(l Limits) bool { return g.limits == l.withDefaults() }

// Load has the child load the module in path, within the limits that it was prepared with, and start it: what it did
// then is the Outcome. The error is an *Error where the module is at fault, or a child that could not be started. It is called while
// the child Waits.
func (g *Guest) Load(ctx context.Context, path string, o Options) (*Outcome, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	g.busy.Store(true)
	g.loads++
	o.Limits = g.limits
	outcome, err := g.ask(ctx, request{Path: []byte(path), Options: &o})
	if err == nil && outcome.Error != "" {
		err = &Error{outcome.why()}
	}
	if err == nil {
		g.runLoop = outcome.RunLoop
	}
	return outcome, err
}

func start(argv []string, l Limits) *Guest {
	ctx, cancel := context.WithCancel(context.Background())
	g := &Guest{limits: l, tasks: make(chan []byte), answers: make(chan []byte, 1), cancel: cancel, done: make(chan struct{})}
	out := &lines{limit: maxOutcome, to: g.answers, over: cancel}
	go func() {
		defer close(g.done)
		g.end, g.err = proc.Run(ctx, proc.Command{
			Argv: argv, Env: []string{}, StdinLater: g.tasks, Stdout: out, Stderr: &g.errs, Grace: childGrace,
			Limits: proc.Limits{AddressSpace: l.AddressSpace, CPUSeconds: l.CPUSeconds},
		})
		g.cut = out.cut
	}()
	return g
}

// Close ends the child and waits for its end. It may be called twice, and on nil.
func (g *Guest) Close() {
	if g == nil {
		return
	}
	g.cancel()
	<-g.done
	g.closed.Do(func() { close(g.tasks) })
}

// Rest ends the module, of which nobody waits for the end. The child can load another one then, unless it is worn, something went
// not well in it, or its module has a loop that may not have ended.
func (g *Guest) Rest() {
	if g.amiss || g.runLoop || !g.busy.Load() {
		return
	}
	b, err := json.Marshal(request{Rest: true})
	if err != nil {
		return
	}
	select {
	case g.tasks <- append(b, '\n'):
		g.busy.Store(false)
	case <-g.done:
	}
}

// Doubted reports whether something did not go well in a child that had loaded another module before. It has less memory and time
// than a new one, so that all of it is to be done once more in a new one. It may be called on nil.
func (g *Guest) Doubted() bool { return g != nil && g.loads > 1 && g.amiss }

// Killed reports whether somebody else has ended the child.
func (g *Guest) Killed() bool {
	select {
	case <-g.done:
		return errors.Is(g.ended(), ErrKilled)
	default:
		return false
	}
}

// RunLoop reports whether the guest has a loop that runs on, and is not called by handlers.
func (g *Guest) RunLoop() bool { return g.runLoop }

// Call calls the contract function with an action, for a message, which may be nil. What the
// guest answers, and that it trapped, is in the Outcome; the error is a child that ended.
func (g *Guest) Call(ctx context.Context, action string, payload []byte, m *host.Message) (*Outcome, error) {
	return g.ask(ctx, request{Action: action, Payload: payload, Message: m})
}

// Deliver hands a message to the subscriptions of a run loop, and lets it work until it waits
// again.
func (g *Guest) Deliver(ctx context.Context, m host.Message) (*Outcome, error) {
	return g.ask(ctx, request{Message: &m})
}

// Renew has the next call meet a new instance, as after a trap. What is stored stays.
func (g *Guest) Renew(ctx context.Context) (*Outcome, error) {
	return g.ask(ctx, request{Fresh: true})
}

// Enter gives the guest another world, and has it start in it: what it did then is the Outcome.
// On the bus of the new world are the peers. Nothing of the world before stays, and the module is not read and compiled again.
func (g *Guest) Enter(ctx context.Context, world host.Options, peers ...Peer) (*Outcome, error) {
	return g.ask(ctx, request{World: &world, Peers: peers})
}

func (g *Guest) ask(ctx context.Context, q request) (*Outcome, error) {
	g.asked++
	q.ID = g.asked
	o, err := g.answer(ctx, q)
	if err != nil || o.Error != "" || o.Trap != nil || o.Late {
		g.amiss = true
	}
	if err == nil {
		g.worn.Store(o.Worn)
	}
	return o, err
}

// answer sends a request, and waits for its outcome.
func (g *Guest) answer(ctx context.Context, q request) (*Outcome, error) {
	b, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("writing the request: %w", err)
	}
	// The child ends a call by itself; this is for one that does not come to it.
	late := time.NewTimer(engine.ClockPatience*g.limits.Wall + childSlack)
	defer late.Stop()
	select {
	case <-g.done: // after Close there is nobody to send to
		return nil, g.ended()
	default:
	}
	select {
	case g.tasks <- append(b, '\n'):
	case <-g.done:
		return nil, g.ended()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case line := <-g.answers:
		o := &Outcome{}
		if err := json.Unmarshal(line, o); err != nil || o.ID != q.ID {
			g.cancel()
			return nil, fmt.Errorf("the child that runs it answered request %d with what is no answer, beginning with %.40q", q.ID, line)
		}
		return o, nil
	case <-g.done:
		return nil, g.ended()
	case <-ctx.Done():
		g.cancel() // its answer would be taken for that of the next request
		return nil, ctx.Err()
	case <-late.C:
		g.cancel()
		return nil, &Error{fmt.Sprintf("it was not done after %s, and the child that runs it had to be killed", g.limits.Wall)}
	}
}

// ended says how the child ended.
func (g *Guest) ended() error {
	last := strings.TrimSpace(g.errs.take())
	switch {
	case errors.Is(g.err, proc.ErrDeserted):
		return fmt.Errorf("%w (its guardian was killed)", ErrKilled)
	case g.err != nil:
		return fmt.Errorf("starting the child that runs it: %w", g.err)
	case g.cut:
		return &Error{fmt.Sprintf("it did more than fits into an answer of %d MiB", maxOutcome>>20)}
	case engine.OutOfMemory(last):
		return &Error{fmt.Sprintf("running it needs more than %d MiB of address space", g.limits.AddressSpace>>20)}
	case g.end.UsedUp(g.limits.CPUSeconds):
		return &Error{fmt.Sprintf("it used more than %d seconds of a processor", g.limits.CPUSeconds)}
	case g.end.Killed():
		return fmt.Errorf("%w (%s)", ErrKilled, g.end.Signal)
	case g.end.Cancelled:
		return errors.New("the child that runs it was ended")
	case g.end.Signal != "":
		return fmt.Errorf("the child that runs it was killed by the signal %s: %s", g.end.Signal, last)
	}
	return fmt.Errorf("the child that runs it ended with exit code %d: %s", g.end.ExitCode, last)
}

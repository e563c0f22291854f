package host

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A program of the machine that was started (host/process/managed.rs and persistent). It is in a
// process group of its own, and in the session of the child that runs the guest: whatever ends that child
// ends the program.

// program is one that runs, or has ended.
type program struct {
	cmd        *exec.Cmd
	out, err   *ring
	stdin      io.WriteCloser // nil: it has none, or it is closed
	begun      time.Time
	mu         sync.Mutex
	exit       *exitInfo // nil: it runs
	ended      time.Time
	done       chan struct{}
	known      bool // for a handle: its end was told, and is not told again
	persistent *persistent
}

// persistent is what one has that outlives the instance which started it.
type persistent struct {
	id, label, command        string
	principal                 string
	touched                   time.Time
	lifetime, idle, retention time.Duration
}

// start runs the command that a request tells. Its output goes to the rings; input asks for a pipe.
func (p processes) start(r spawn, out, errs *ring, input bool) (*program, error) {
	cmd, err := p.command(r)
	if err != nil {
		return nil, err
	}
	one := &program{cmd: cmd, out: out, err: errs, begun: time.Now(), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = out, errs
	if input {
		if one.stdin, err = cmd.StdinPipe(); err != nil {
			return nil, err
		}
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go one.await()
	return one, nil
}

// await notes the end of the program, behind all that it said.
func (o *program) await() {
	_ = o.cmd.Wait()
	e := exitOf(o.cmd.ProcessState)
	o.mu.Lock()
	o.exit, o.ended = &e, time.Now()
	o.mu.Unlock()
	close(o.done)
}

// end is how the program ended; nil: it runs.
func (o *program) end() *exitInfo {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.exit
}

// within waits for the end; nil where it does not come in time.
func (o *program) within(d time.Duration) *exitInfo {
	select {
	case <-o.done:
	case <-time.After(d):
	}
	return o.end()
}

// Close ends the program and all that it started in its group. It may be called twice.
func (o *program) Close() error {
	if o.end() == nil {
		killGroup(o.cmd.Process)
		o.out.open()
		o.err.open()
		<-o.done
	}
	return nil
}

// signalled sends a signal. One that has ended meanwhile hears nothing.
func signalled(o *program, name processSignal, group bool) error {
	if o.end() != nil {
		return nil
	}
	if err := signalProgram(o.cmd.Process, name, group); err != nil {
		return unknown(fmt.Sprintf("kill(%s): %v", name, err))
	}
	return nil
}

// exitOf is how a process ended.
func exitOf(s *os.ProcessState) (e exitInfo) {
	if code := int32(s.ExitCode()); code >= 0 {
		e.ExitCode = &code
	} else if number, ok := signalOf(s); ok {
		e.Signal = &number
	}
	return e
}

// Limits of host/process/context.rs.
const (
	maxEnv      = 256
	maxEnvValue = 64 << 10
)

// envKey is what the name of a variable looks like, reservedEnv are those that a guest may not set.
var (
	envKey      = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	reservedEnv = []string{"PATH", "ASTRID_SESSION_TOKEN", "BASH_ENV", "ENV", "GCONV_PATH", "NODE_OPTIONS", "PERL5OPT", "PYTHONHOME", "PYTHONPATH", "RUBYOPT", "ZDOTDIR"}
)

// command is what a request asks for, not started (prepare_spawn_context).
func (p processes) command(r spawn) (*exec.Cmd, error) {
	if len(r.Env) > maxEnv {
		return nil, fail("too-large")
	}
	env := []string{"PATH=" + p.options.Path}
	given := map[string]bool{}
	for _, e := range r.Env {
		if !envKey.MatchString(e.Key) || strings.ContainsRune(e.Value, 0) || len(e.Value) > maxEnvValue || given[e.Key] ||
			slices.Contains(reservedEnv, e.Key) || strings.HasPrefix(e.Key, "DYLD_") || strings.HasPrefix(e.Key, "LD_") {
			return nil, fail("invalid-input")
		}
		given[e.Key] = true
		env = append(env, e.Key+"="+e.Value)
	}
	dir, err := p.folder(r.Cwd)
	if err != nil {
		return nil, err
	}
	if len(r.FileInjections) > 0 {
		return nil, unknown("the sandbox injects no files")
	}
	path, err := lookPath(r.Cmd, p.options.Path)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, r.Args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay, cmd.SysProcAttr = dir, env, time.Second, ownGroup()
	return cmd, nil
}

// folder is where a program runs: below the folder of cwd://.
func (p processes) folder(asked *string) (string, error) {
	if asked == nil {
		return p.options.Cwd, nil
	}
	name := strings.TrimPrefix(*asked, "cwd://")
	switch {
	case strings.Contains(name, "://"):
		return "", fail("capability-denied") // nothing of it is on the machine's disk
	case filepath.IsAbs(name), slices.Contains(strings.Split(filepath.ToSlash(name), "/"), ".."):
		return "", fail("boundary-escape")
	}
	root, err := filepath.EvalSymlinks(p.options.Cwd)
	if err != nil {
		return "", fail("invalid-input")
	}
	dir, err := filepath.EvalSymlinks(filepath.Join(root, name))
	if err != nil {
		return "", fail("invalid-input")
	}
	if rel, err := filepath.Rel(root, dir); err != nil || !filepath.IsLocal(rel) {
		return "", fail("boundary-escape")
	}
	return dir, nil
}

// lookPath finds a program in path, as the runtime's shell would.
func lookPath(name, path string) (string, error) {
	if strings.ContainsRune(name, '/') {
		return name, nil
	}
	for _, dir := range filepath.SplitList(path) {
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found, nil
		}
	}
	return "", exec.ErrNotFound
}

// capped keeps the beginning of an output.
type capped struct{ bytes.Buffer }

func (c *capped) Write(b []byte) (int, error) {
	c.Buffer.Write(b[:min(len(b), maxOutput-c.Len())])
	return len(b), nil
}

// ring keeps the end of an output, or has the program wait until it is read (persistent/ring.rs).
type ring struct {
	mu      sync.Mutex
	room    *sync.Cond // nil: what is too much is dropped, the oldest first
	b       []byte
	front   uint64 // of all that was written, what stands before b
	dropped uint64
	limit   int
}

// chunk is how much is written at once: a ring holds at least that.
const chunk = 4096

func newRing(limit int, holds bool) *ring {
	r := &ring{limit: limit}
	if holds {
		r.room = sync.NewCond(&r.mu)
	}
	return r
}

func (r *ring) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for part := range slices.Chunk(b, chunk) {
		for r.room != nil && len(r.b)+len(part) > r.limit {
			r.room.Wait()
		}
		r.b = append(r.b, part...)
		if excess := len(r.b) - r.limit; excess > 0 {
			r.b = slices.Clone(r.b[excess:])
			r.front, r.dropped = r.front+uint64(excess), r.dropped+uint64(excess)
		}
	}
	return len(b), nil
}

// open has nobody wait for room any more.
func (r *ring) open() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if room := r.room; room != nil {
		r.room = nil
		room.Broadcast()
	}
}

// drain takes all that is there.
func (r *ring) drain() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.b
	r.b, r.front = nil, r.front+uint64(len(all))
	if r.room != nil {
		r.room.Broadcast()
	}
	return strings.ToValidUTF8(string(all), "\uFFFD")
}

// since reads from an offset on, nil for the beginning, and leaves it there.
func (r *ring) since(from *uint64, most int) (data []byte, next, lost uint64, atEnd bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.front
	if from != nil {
		at = min(max(*from, r.front), r.front+uint64(len(r.b)))
		lost = r.front - min(*from, r.front)
	}
	rest := r.b[at-r.front:]
	data = bytes.Clone(rest[:min(len(rest), most)])
	return data, at + uint64(len(data)), lost, len(data) == len(rest)
}

// held is how much is there, and how much was dropped.
func (r *ring) held() (n int, dropped uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.b), r.dropped
}

// spawnError is why a program could not be started, as the runtime says it.
func spawnError(what string, err error) error {
	if isFault(err) {
		return err
	}
	return unknown(fmt.Sprintf("%s failed: %v", what, err))
}

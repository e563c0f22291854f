package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

const (
	// maxSocket is what a socket's path may have, on the system that allows least.
	maxSocket = 103
	// readyTakes bounds the start: a third of a second here, more on a machine that swaps.
	readyTakes = 60 * time.Second
	// look is how often it is asked whether the daemon is ready.
	look = 5 * time.Millisecond
	// logKept is how much of the daemon's log is kept, for the day on which it dies.
	logKept = 64 << 10
)

// running is one process of the runtime.
type running struct {
	scratch fsys.Scratch
	failed  error // it could not be started
	cancel  context.CancelFunc
	done    chan struct{} // closed when the process has ended
	log     *proc.Tail

	ready    chan struct{} // closed when the two below say what came of the start
	link     *Link
	late     error
	installs int
	courier  bool // it is installed
}

// start starts one. What goes wrong is in failed, or in the log.
func start(o Options) *running {
	r := &running{done: make(chan struct{}), ready: make(chan struct{}), log: proc.NewTail(logKept)}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	self, err := os.Executable()
	if err != nil {
		r.failed = fmt.Errorf("finding this program: %w", err)
	} else {
		r.failed = r.prepare()
	}
	if r.failed != nil {
		close(r.done)
		close(r.ready)
		return r
	}
	argv := []string{self, keeperArgument, r.scratch.Dir, o.Program, "--workspace", r.path("work"), "--ephemeral"}
	go func() {
		defer close(r.done)
		_, err := proc.Run(ctx, proc.Command{Argv: argv, Dir: r.path("work"), Env: r.env(o.Env), Stdout: r.log, Stderr: r.log})
		if err != nil {
			fmt.Fprintln(r.log, err)
		}
	}()
	go func() {
		defer close(r.ready)
		r.link, r.late = r.connect()
	}()
	return r
}

// prepare makes the folders. The runtime wants its home empty.
func (r *running) prepare() (err error) {
	base := os.TempDir()
	if len(base)+len("/"+fsys.ScratchRuntime+"0123456789/run/system.sock") > maxSocket {
		base = fsys.ShortTemp
	}
	if r.scratch, err = fsys.MakeScratch(base, fsys.ScratchRuntime); err != nil {
		return fmt.Errorf("making a folder for the private runtime: %w", err)
	}
	for _, name := range []string{"home", "run", "work", "temp", "packages"} {
		if err := os.Mkdir(r.path(name), 0o700); err != nil {
			return fmt.Errorf("making a folder for the private runtime: %w", err)
		}
	}
	return unpackCourier(r.path("courier"))
}

func (r *running) path(name string) string { return filepath.Join(r.scratch.Dir, name) }

// env is env without what names another runtime, its home or its user. What the daemon
// writes as temporary goes with the rest.
func (r *running) env(env []string) []string {
	var list []string
	for _, v := range env {
		if !strings.HasPrefix(v, "ASTRID_") && !strings.HasPrefix(v, "TMPDIR=") {
			list = append(list, v)
		}
	}
	return append(list, "ASTRID_HOME="+r.path("home"), "ASTRID_RUN_DIR="+r.path("run"), "ASTRID_DAEMON_LOG_TARGET=stderr", "TMPDIR="+r.path("temp"))
}

// over reports whether r has ended, or nobody hears it any more.
func (r *running) over() bool {
	select {
	case <-r.done:
		return true
	default:
	}
	select {
	case <-r.ready:
		if r.link == nil {
			return true
		}
		select {
		case <-r.link.Gone():
			return true
		default:
		}
	default:
	}
	return false
}

// useful reports whether r can take another install.
func (r *running) useful() bool { return !r.over() && r.installs < MaxInstalls }

// close ends the process and waits until nothing is left of it.
func (r *running) close() {
	r.cancel()
	<-r.done
	<-r.ready
	if r.link != nil {
		r.link.Close()
	}
	r.scratch.Remove()
}

// died is the error about a process that is gone, with its last words.
func (r *running) died() error {
	if r.failed != nil {
		return r.failed
	}
	words := strings.TrimSpace(r.log.String())
	if words == "" {
		words = "it said nothing"
	}
	return fmt.Errorf("the private runtime ended: %s", words)
}

// connect waits until the daemon is ready, and connects to it: at once, because it ends by
// itself when nobody does for five seconds.
func (r *running) connect() (*Link, error) {
	late := time.After(readyTakes)
	for ready := r.path("run/system.ready"); fsys.Lstat(ready).Kind != fsys.File; {
		select {
		case <-r.done:
			return nil, r.died()
		case <-late:
			return nil, fmt.Errorf("the private runtime is not ready after %s: %s", readyTakes, r.log)
		case <-time.After(look):
		}
	}
	c, err := connect(r.path("run"), r.path("home"), principal)
	if err != nil {
		return nil, fmt.Errorf("connecting to the private runtime: %w", err)
	}
	return &Link{c: c, home: r.path("home"), run: r.path("run"), folder: r.path("packages")}, nil
}

// await waits until the daemon is ready, or cannot be.
func (r *running) await(ctx context.Context) (*Link, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-r.ready:
	}
	if r.failed != nil {
		return nil, r.failed
	}
	return r.link, r.late
}

// install has the daemon install p.
func (r *running) install(ctx context.Context, p Parcel) (*Answer, error) {
	link, err := r.await(ctx)
	if err != nil {
		return nil, err
	}
	r.installs++
	answer, err := link.Install(ctx, p)
	switch {
	case errors.Is(err, ErrLimited):
		r.installs = MaxInstalls
	case errors.Is(err, ErrGone):
		return nil, r.lost(err)
	}
	return answer, err
}

// ask has the daemon's courier, which is installed where it is not, carry q.
func (r *running) ask(ctx context.Context, q Question) (*Reply, error) {
	link, err := r.await(ctx)
	if err != nil {
		return nil, err
	}
	if !r.courier {
		answer, err := r.install(ctx, Parcel{Name: courierName, Folder: r.path("courier")})
		switch {
		case err != nil:
			return nil, err
		case !answer.Loaded:
			return nil, fmt.Errorf("the runtime does not take what carries questions to it: %s", answer.Findings[0].Message)
		}
		r.courier = true
	}
	reply, err := link.ask(ctx, q)
	if errors.Is(err, ErrGone) {
		return nil, r.lost(err)
	}
	return reply, err
}

// lost is the error of a connection that broke, with the process's last words. The process is
// of no use any more.
func (r *running) lost(err error) error {
	r.cancel()
	<-r.done
	if last := strings.TrimSpace(r.log.String()); last != "" {
		return fmt.Errorf("%w\n%s", err, last)
	}
	return err
}

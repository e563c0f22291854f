package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/pack"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

const (
	scratchPrefix = "astrid-dev-runtime-"
	// maxSocket is what a socket's path may have, on the system that allows least.
	maxSocket = 103
	// maxInstalls is how many the runtime takes of one user in a minute.
	maxInstalls = 10
	// readyTakes bounds the start: a third of a second here, more on a machine that swaps.
	readyTakes = 60 * time.Second
	// look is how often it is asked whether the daemon is ready.
	look = 5 * time.Millisecond
	// toolsTake bounds the wait for the list of tools, which follows a successful install.
	toolsTake = 5 * time.Second
	// logKept is how much of the daemon's log is kept, for the day on which it dies.
	logKept = 64 << 10
)

// errRateLimited: another process has to be started.
var errRateLimited = errors.New("the runtime takes no more installs for now")

// running is one process of the runtime.
type running struct {
	scratch fsys.Scratch
	failed  error // it could not be started
	cancel  context.CancelFunc
	done    chan struct{} // closed when the process has ended
	log     *proc.Tail

	client   *client
	installs int
}

// start starts one. What goes wrong is in failed, or in the log.
func start(o Options) *running {
	r := &running{done: make(chan struct{}), log: proc.NewTail(logKept)}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	if r.failed = r.prepare(); r.failed != nil {
		close(r.done)
		return r
	}
	self, err := os.Executable()
	if err != nil {
		r.failed = fmt.Errorf("finding this program: %w", err)
		close(r.done)
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
	return r
}

// prepare makes the folders. The runtime wants its home empty.
func (r *running) prepare() (err error) {
	base := os.TempDir()
	if len(base)+len("/"+scratchPrefix+"0123456789/run/system.sock") > maxSocket {
		base = "/tmp"
	}
	if r.scratch, err = fsys.MakeScratch(base, scratchPrefix); err != nil {
		return fmt.Errorf("making a folder for the private runtime: %w", err)
	}
	for _, name := range []string{"home", "run", "work", "temp", "packages"} {
		if err := os.Mkdir(r.path(name), 0o700); err != nil {
			return fmt.Errorf("making a folder for the private runtime: %w", err)
		}
	}
	return nil
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

// useful reports whether r can take another install.
func (r *running) useful() bool {
	select {
	case <-r.done:
		return false
	default:
		return r.installs < maxInstalls
	}
}

// close ends the process and waits until nothing is left of it.
func (r *running) close() {
	if r.client != nil {
		r.client.conn.Close()
	}
	r.cancel()
	<-r.done
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

// await waits until the daemon is ready, and connects to it.
func (r *running) await(ctx context.Context) error {
	if r.client != nil {
		return nil
	}
	late := time.After(readyTakes)
	for ready := r.path("run/system.ready"); fsys.Lstat(ready).Kind != fsys.File; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.done:
			return r.died()
		case <-late:
			return fmt.Errorf("the private runtime is not ready after %s: %s", readyTakes, r.log)
		case <-time.After(look):
		}
	}
	var err error
	r.client, err = connect(r.path("run"), r.path("home"))
	return err
}

// install writes the archive and has the daemon install it.
func (r *running) install(ctx context.Context, m *capsule.Manifest, archive *pack.Archive, values []value) (*Answer, error) {
	path := filepath.Join(r.path("packages"), fmt.Sprintf("%d.capsule", r.installs))
	if err := r.await(ctx); err != nil {
		return nil, err
	}
	if err := fsys.Replace(path, 0o600, archive.Write); err != nil {
		return nil, fmt.Errorf("packing %s: %w", m.Package.Name, err)
	}
	return r.deliver(ctx, m.Package.Name, path, values)
}

// deliver has the daemon install what lies at path: an archive, or a folder. The daemon is ready.
func (r *running) deliver(ctx context.Context, name, path string, values []value) (*Answer, error) {
	// A context that ends closes the connection, which ends the wait for the answer.
	stop := context.AfterFunc(ctx, func() { r.client.conn.Close() })
	defer stop()
	r.installs++
	begun := time.Now()
	heard := &described{name: name}
	said, err := r.client.request("install_capsule", "InstallCapsule", map[string]any{
		"source": path, "workspace": false, "target_principal": principal, "authority": "explicit_approval", "env": values,
	}, heard.hear)
	if err != nil {
		return nil, r.lost(ctx, err)
	}
	answer, err := r.read(said)
	if err != nil || !answer.Loaded {
		return answer, err
	}
	answer.TookMS = time.Since(begun).Milliseconds()
	if err := r.awaitTools(heard); err != nil {
		return nil, r.lost(ctx, err)
	}
	answer.Tools = heard.tools
	return answer, nil
}

// described listens for the tools of the capsule called name.
type described struct {
	name  string
	tools []Tool
	told  bool
}

func (d *described) hear(m message) {
	if list, ok := toolsOf(m, d.name); ok {
		d.tools, d.told = list, true
	}
}

// awaitTools listens on until the tools were told, for a while: a capsule that is busy in its
// own loop does not describe them.
func (r *running) awaitTools(d *described) error {
	for late := time.Now().Add(toolsTake); !d.told && time.Now().Before(late); {
		m, err := r.client.next(time.Until(late))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
		d.hear(m)
	}
	return nil
}

// lost is the error of a connection that broke: the context's, or the process's last words.
// The process is of no use any more.
func (r *running) lost(ctx context.Context, err error) error {
	r.cancel()
	<-r.done
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if last := strings.TrimSpace(r.log.String()); last != "" {
		return fmt.Errorf("the private runtime is gone: %w\n%s", err, last)
	}
	return fmt.Errorf("the private runtime is gone: %w", err)
}

// read understands the runtime's answer to an install.
func (r *running) read(said response) (*Answer, error) {
	if said.Status == "Success" {
		var data struct {
			Version string `json:"installed_version"`
			Hash    string `json:"wasm_hash"`
		}
		_ = json.Unmarshal(said.Data, &data) // nothing in it decides anything
		return &Answer{Loaded: true, Version: data.Version, WasmHash: data.Hash}, nil
	}
	var reason string
	if said.Status != "Error" || json.Unmarshal(said.Data, &reason) != nil {
		return nil, fmt.Errorf("the runtime gave an answer that is not understood: %s %s", said.Status, said.Data)
	}
	if strings.HasPrefix(reason, "Rate limited") {
		r.installs = maxInstalls
		return nil, errRateLimited
	}
	return refusedAnswer(refusal(reason)), nil
}

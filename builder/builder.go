package builder

import (
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/inputs"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/builder/slots"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// DefaultTimeout ends a build that hangs. A cold Rust build of a large
// capsule takes minutes; nothing sound takes longer than this.
const DefaultTimeout = 15 * time.Minute

// Options configure a Builder. The zero value works.
type Options struct {
	Env     []string      // the environment of builds; nil: this process's
	Jobs    int           // how many builds run in parallel, so that each takes its share of the processors; 0: 1
	Timeout time.Duration // of one build where the manifest has none; 0: DefaultTimeout
	Verify  bool          // nothing will be published, so what stands at the published paths is in nobody's way
	Retry   bool          // build what failed before, although its verdict stands
	Spare   bool          // builds follow each other: a smoke child waits for the next one, until Close
	Debug   bool          // Examine asks for debug modules where a language has such a form: somebody waits
	Strict  bool          // findings that keep the kernel from running a module fail the build
	Grace   time.Duration // between asking a build to end and killing it; 0: proc's default

	// Runtime are the releases of Astrid's runtime that judge every capsule, all of which
	// must take it. None: those that a manifest names, else Installed, else the newest known.
	Runtime   []string
	Installed string // the release of the runtime on this machine; "": there is none

	Machine     shared.Machine // runs the commands of builds; nil: this machine does
	MachineOnly bool           // what Machine does not build fails; else it is built here

	Shared *shared.Cache // where results that machines share are found and offered; nil: nowhere

	Slots *slots.Slots // places for build commands that this user's other astrid-dev take too; nil: this process minds its own

	// Say receives what a person should know while a build runs or waits, such
	// as another process holding the capsule. It may be called concurrently. nil: nobody.
	Say func(dir string, f finding.Finding)
}

// Builder builds capsules. Use New.
type Builder struct {
	options Options
	inputs  *inputs.Taker
	store   *store.Store
	spares  spares

	mu    sync.Mutex                // guards all below
	huge  map[string]*tree.Snapshot // looks at huge capsules that are not kept yet, by capsule folder
	notes map[string]*sync.Mutex    // by capsule folder: its causes are noted one after the other
}

// noting waits for its turn to note causes of the capsule in dir.
func (b *Builder) noting(dir string) (done func()) {
	b.mu.Lock()
	if b.notes == nil {
		b.notes = map[string]*sync.Mutex{}
	}
	turn := b.notes[dir]
	if turn == nil {
		turn = &sync.Mutex{}
		b.notes[dir] = turn
	}
	b.mu.Unlock()
	turn.Lock()
	return turn.Unlock
}

// New returns a Builder with o's zero fields replaced by their defaults.
func New(o Options) *Builder {
	if o.Env == nil {
		o.Env = os.Environ()
	}
	if o.Jobs <= 0 {
		o.Jobs = 1
	}
	o.Jobs = min(o.Jobs, runtime.NumCPU())
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Say == nil {
		o.Say = func(string, finding.Finding) {}
	}
	return &Builder{options: o, inputs: inputs.New(inputs.Options{Env: o.Env, Jobs: o.Jobs, Releases: o.Releases, Own: store.Folder, Say: o.Say, Kept: kept(o)}), store: store.New(), spares: newSpares()}
}

// Main runs the hidden helper processes of this program: the guardian of a
// build, the smoke loader and the keeper of a private runtime. It must be the first thing in main, and in the
// TestMain of every test that builds; when handled, the caller exits with code.
func Main(args []string) (code int, handled bool) {
	for _, main := range []func([]string) (int, bool){proc.Main, smoke.Main, guest.Main, daemon.Main} {
		if code, handled = main(args); handled {
			return code, true
		}
	}
	return 0, false
}

// discard is a nil-safe writer for live output that nobody wants.
func discard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

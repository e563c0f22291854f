package orchestrator

import (
	"context"
	"io"
	"runtime"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

// The defaults of Config. Quiet is the ecosystem's debounce; the others follow from it.
const (
	DefaultQuiet  = 500 * time.Millisecond
	DefaultSettle = 30 * time.Millisecond // longer than an editor's save, shorter than a person notices
	DefaultCalm   = 5 * time.Second       // longer than one thinks between two saves, shorter than one needs to pack
	maxWaitFactor = 4                     // MaxWait is this many quiet windows unless it is given

	lockPoll  = 50 * time.Millisecond  // how often git's index.lock is looked at while it exists
	lockSpeak = 500 * time.Millisecond // a lock older than this is worth a word; most live for milliseconds
	lockLimit = 10 * time.Second       // a lock older than this is stale and no longer waited for

	retryAfter    = 10 * time.Second // an unreadable source is looked at again this often
	storm         = 16               // so many capsules touched by one batch is a branch switch, not a person
	examineAtOnce = 8                // so that one huge capsule cannot keep small ones from being hashed
	feedbackLimit = 3                // builds in a row that change the same inputs before a capsule is held
	probeAfter    = 10 * time.Second // a held capsule is built once more after so much quiet
	unbroken      = 20 * time.Second // a suspected capsule whose files are written so long without a quiet window is held: nobody types like that
	patience      = 2                // builds superseded in a row before one runs to its end
)

// Config is what Run needs. The function fields are called from goroutines of
// their own, never two at once for one capsule; a fake is a closure.
type Config struct {
	Quiet   time.Duration // the disk must be quiet this long; 0: DefaultQuiet
	Settle  time.Duration // after this much quiet an early build may start; 0: DefaultSettle
	MaxWait time.Duration // a file written without pause delays a build no longer; 0: 4 x Quiet
	Calm    time.Duration // after this much quiet everywhere releases take the place of debug modules; 0: DefaultCalm
	Jobs    int           // builds in parallel; 0: half the processors, at least one

	Blind          bool // no events will come: what stands published is looked at before the end
	NoInitialBuild bool // only edits build; what is out of date at start stays so

	Roots   []string             // what to watch; absolute
	Batches <-chan watcher.Batch // the first one says that every watch is placed
	Retry   <-chan struct{}      // the user asks to try failed capsules again; may be nil
	Hooks   <-chan HookRun       // what is run after reloads, which may write sources like a build; may be nil
	// HooksRun reports whether such a command runs, or will for an event that was announced: then
	// all is not idle. It is asked from Run's goroutine; the end of each is told by Hooks, after
	// which it counts no more. nil: none ever does.
	HooksRun func() bool
	Requests <-chan Request // what others ask; may be nil
	Warn     <-chan Warning // warnings from elsewhere that join the stream; may be nil

	// Plan is told, from Run's goroutine, what the watcher shall watch, and must not block:
	// the newest plan is the one that counts. nil: nobody wants to know.
	Plan func(watcher.Plan)
	// Retried is told, from Run's goroutine, the folders of the capsules that somebody wants tried
	// again, and must not block; it may be nil.
	Retried func(dirs []string)
	// Find lists the capsule folders below the roots.
	Find func(ctx context.Context) ([]string, error)
	// Examine hashes a capsule's inputs. fs.ErrNotExist: there is no manifest. told says what may have
	// changed; nil: anything.
	Examine func(ctx context.Context, dir string, told *builder.Told) (*builder.Inputs, error)
	// Glance is in as the files on paths show that it is now, without keys and hashes; nil, and always
	// when Glance is nil: that does not tell.
	Glance func(in *builder.Inputs, paths []string) *builder.Inputs
	// Build stages and smoke-loads, and looks at the inputs again; a *finding.Failure is the
	// capsule's fault. The Staged is nil only when ctx ended.
	Build func(ctx context.Context, in *builder.Inputs, output io.Writer) (*builder.Staged, error)
	// Publish puts what was staged in place; in is the examination that it stands for.
	Publish func(ctx context.Context, staged *builder.Staged, in *builder.Inputs) (*builder.Published, error)
	// Stands reports whether what was published from key stands whole; nil: it always does.
	Stands func(dir, key string) bool
	// Restore puts what was published from key back where it does not stand, and names
	// what it wrote. builder.ErrNoCopy, and always when Restore is nil: it takes a build.
	Restore func(ctx context.Context, dir, key string) (*builder.Published, []string, error)
	// Note records what a verdict on in goes by, so that somebody can ask why; nil: nobody will.
	Note func(ctx context.Context, in *builder.Inputs)
	// Foreign reports whether a folder is the top of a work tree that is not the roots'
	// own; nil: none is. What is in it is neither watched nor found.
	Foreign func(folder string) bool
	// Wanted reports whether the capsule in a folder is watched; nil: each is. Find knows it itself.
	Wanted func(dir string) bool
	// Exists reports whether a file is there; it is asked for git's index.lock.
	Exists func(path string) bool

	// LastChange tells when a file or folder itself was last changed, moves
	// included; zero: it is not there.
	LastChange func(path string) time.Time

	// Announce is given every event, in order, from Run's goroutine, without Seq and Time.
	// It must not block and cannot fail: hub.Publish does neither.
	Announce func(event.Event)
	Output   func(capsule string) io.Writer // live build output; nil: none
}

// Warning is one from elsewhere. Dir is the folder of the capsule that it is about, or
// ""; Capsule is its name where the loop cannot know it.
type Warning struct {
	Capsule, Dir string
	event.Warning
}

// HookRun tells that a command which a reload of the capsule in Dir started is
// about to begin, or has ended.
type HookRun struct {
	Dir     string
	Running bool
}

func (c Config) withDefaults() Config {
	if c.Quiet <= 0 {
		c.Quiet = DefaultQuiet
	}
	if c.Settle <= 0 {
		c.Settle = min(DefaultSettle, c.Quiet)
	}
	if c.MaxWait <= 0 {
		c.MaxWait = maxWaitFactor * c.Quiet
	}
	if c.Calm <= 0 {
		c.Calm = DefaultCalm
	}
	if c.Jobs <= 0 {
		c.Jobs = max(1, runtime.GOMAXPROCS(0)/2)
	}
	if c.Foreign == nil {
		c.Foreign = func(string) bool { return false }
	}
	if c.Glance == nil {
		c.Glance = func(*builder.Inputs, []string) *builder.Inputs { return nil }
	}
	if c.Wanted == nil {
		c.Wanted = func(string) bool { return true }
	}
	if c.Plan == nil {
		c.Plan = func(watcher.Plan) {}
	}
	if c.Stands == nil {
		c.Stands = func(string, string) bool { return true }
	}
	if c.Restore == nil {
		c.Restore = func(context.Context, string, string) (*builder.Published, []string, error) {
			return nil, nil, builder.ErrNoCopy
		}
	}
	if c.Note == nil {
		c.Note = func(context.Context, *builder.Inputs) {}
	}
	if c.Exists == nil {
		c.Exists = func(string) bool { return false }
	}
	if c.LastChange == nil {
		c.LastChange = func(string) time.Time { return time.Time{} }
	}
	if c.Output == nil {
		c.Output = func(string) io.Writer { return io.Discard }
	}
	return c
}

package toolchain

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Request asks how a capsule is built.
type Request struct {
	Manifest *capsule.Manifest
	Env      []string // the user's environment; settings and our variables are added to it
	Jobs     int      // builds that run in parallel; 0 counts as 1
}

// Recipe is how a capsule is built, wherever the build works: it knows no folder to write
// to. It is never changed after For returned it, and its functions may be called concurrently.
type Recipe struct {
	Toolchain string // as in `toolchain = "..."`, "command" for a build of the manifest's own
	Group     string // builds with the same non-empty group never overlap
	Identity  Identity

	// Outside lists the files, folders and patterns that the build reads, as far as
	// the tool tells, below the capsule too: absolute, sorted, existing or not. Sources
	// may be among them. An error means that the list may be short. Never nil.
	Outside func(ctx context.Context) ([]string, error)

	// TellsAll: Outside and the sources are all that the build reads.
	TellsAll bool

	// ByTime: the tool may take a product that is younger than its sources for
	// up to date, whatever happened in between.
	ByTime bool

	// StripNames: the tool was kept from dropping the functions' names, which the author does not
	// want in what is published.
	StripNames bool

	// Fold: the tool makes several functions where that of the release makes one, so that exports
	// that do the same are to be one again.
	Fold bool

	// CargoTarget is cargo's target folder, absolute, where the capsule is a crate, whoever
	// builds it: cargo compares times too. "" where it is none.
	CargoTarget string

	Outputs  []string // where a command may leave modules below the capsule, absolute
	Products []string // where the tool itself leaves them, as far as that is known before, absolute

	// Wants are files that the tool wants to be there, though no build reads them: absolute. nil: none.
	Wants func() []string

	// Debug is how the same sources are built when somebody waits for it: a module that does the same
	// and was made sooner. It has products of its own. nil: the language has no such form.
	Debug *Recipe

	job      *job
	beside   map[string]string         // files that the tool itself needs in the folder out, by name
	argv     func(out string) []string // of a build that may write to the folder out; the first is a path, looked up in the user's PATH
	env      environ                   // without what names the build's folders
	live     func(io.Writer) io.Writer
	diagnose func(stdout, stderr []byte) []finding.Finding
	collect  func(w *work, start time.Time, stdout []byte) ([]Artifact, error)
	wrapper  *Wrapper
	tracer   string // strace's path, for a build whose system calls are to tell what it reads; "": none
}

// Artifact is a module that a build left.
type Artifact struct {
	Component int // index into Manifest.Components
	Path      string
}

// For makes the recipe of the capsule of r. Its error is a *finding.Failure for what the
// capsule's author can mend, such as a missing tool; it is looked for again on
// every call. For costs well under a millisecond once the tools' versions are known.
func For(ctx context.Context, r Request) (*Recipe, error) {
	j, err := newJob(r)
	if err != nil {
		return nil, err
	}
	l, err := choose(j)
	if err != nil {
		return nil, err
	}
	recipe, err := l.plan(ctx, j)
	if err != nil {
		return nil, err
	}
	if recipe.tracer, err = j.tracer(); err != nil {
		return nil, err
	}
	return j.finish(recipe, l), nil
}

// job is one Request and what several languages need to know of it.
type job struct {
	Request
	dir     string // the capsule's folder, absolute
	env     environ
	profile string // "" is the language's default
}

func newJob(r Request) (*job, error) {
	m := r.Manifest
	if !m.Buildable() {
		return nil, NothingToBuild()
	}
	r.Jobs = max(1, r.Jobs)
	return &job{Request: r, dir: m.Dir, env: buildEnv(r), profile: m.Dev.Profile}, nil
}

// NothingToBuild is For's error for a capsule that names no component.
func NothingToBuild() error {
	return manifestProblem(finding.Finding{Code: finding.ToolchainNothingToBuild, File: tree.ManifestName,
		Message: "the manifest names no component, so there is nothing to build", Hint: "add a [[component]] with file = \"name.wasm\""})
}

// finish fills in what a language left open.
func (j *job) finish(r *Recipe, l language) *Recipe {
	r.job, r.Toolchain = j, l.name
	if r.env == nil {
		r.env = j.env
	}
	r.Outputs = j.outputs()
	if isFile(filepath.Join(j.dir, "Cargo.toml")) {
		r.CargoTarget = cargo.Read(j.dir, r.env.lookup).TargetDir()
	}
	r.wrapper = j.wrapper()
	r.Identity = j.complete(r)
	if r.diagnose == nil {
		r.diagnose = func(stdout, stderr []byte) []finding.Finding {
			list := readLines(j.dir, j.dir, l.syntaxes, stdout, stderr)
			return unique(append(list, missingTools(stderr, r.env)...))
		}
	}
	if r.collect == nil {
		r.collect = func(w *work, _ time.Time, _ []byte) ([]Artifact, error) { return w.collect(nil) }
	}
	if r.Outside == nil {
		r.Outside = func(context.Context) ([]string, error) { return nil, nil }
	}
	if r.Debug != nil {
		r.Debug.tracer = r.tracer
		j.finish(r.Debug, l)
	}
	return r
}

// complete adds to what a language says of itself what holds for all.
func (j *job) complete(r *Recipe) Identity {
	argv := r.argv("$CAPSULE_OUT_DIR")
	id := r.Identity
	id.Local = append(append([]string{r.Toolchain}, id.Local...), argv...)
	id.Local = append(id.Local, r.wrapper.stamp())
	id.Portable = append(append([]string{r.Toolchain}, id.Portable...), "profile "+j.profile)
	id.Portable = append(id.Portable, j.portable(argv)...)
	id.Portable = append(id.Portable, r.wrapper.portable(j)...)
	return id
}

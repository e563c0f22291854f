// Package toolchain knows how each language builds a capsule.
//
// For looks at a capsule and says which command builds it, in which
// environment, what else that command reads, how to understand its complaints
// and where it leaves its modules. It starts nothing but the tools' own version
// queries, and those only once for each tool.
package toolchain

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Request asks how a capsule is built.
type Request struct {
	Manifest *capsule.Manifest
	OutDir   string   // absolute, a fresh folder: what $CAPSULE_OUT_DIR says
	TempDir  string   // absolute: the build's TMPDIR
	Env      []string // the user's environment; settings and our variables are added to it
	Jobs     int      // builds that run in parallel; 0 counts as 1
}

// Plan is how a capsule is built. It is never changed after For returned it,
// and its functions may be called concurrently.
type Plan struct {
	Toolchain string   // as in `toolchain = "..."`, "command" for a build of the manifest's own
	Argv      []string // Argv[0] is a path, looked up in the user's PATH
	Dir       string
	Env       []string // complete
	Identity  string   // the tool's version and what steers it, without OutDir and TempDir
	Group     string   // builds with the same non-empty group never overlap

	// Diagnose reads what the build wrote. It never returns two findings that
	// say the same, and files below the capsule are relative to it.
	Diagnose func(stdout, stderr []byte) []finding.Finding

	// Collect finds the module of every component after a successful build. Its
	// error is a *Problem, or ctx's.
	Collect func(ctx context.Context, buildStart time.Time, stdout []byte) ([]Artifact, error)

	// Outside lists the files, folders and patterns that the build reads, as far as
	// the tool tells, below the capsule too: absolute, sorted, existing or not. Sources
	// may be among them. An error means that the list may be short. Never nil.
	Outside func(ctx context.Context) ([]string, error)

	// TellsAll: Outside and the sources are all that the build reads.
	TellsAll bool

	// ByTime: the tool may take a product that is younger than its sources for
	// up to date, whatever happened in between.
	ByTime bool

	// CargoTarget is cargo's target folder, absolute, where the capsule is a crate, whoever
	// builds it: cargo compares times too. "" where it is none.
	CargoTarget string

	Outputs []string // where a command may leave modules below the capsule, absolute

	Wrapper *Wrapper // the manifest's own command that makes a component of a core module; nil: none

	live func(io.Writer) io.Writer
}

// Live makes of a writer for a person's eyes one that takes the build's
// standard output: a tool that writes its messages as JSON there is rendered.
func (p *Plan) Live(w io.Writer) io.Writer {
	if p.live == nil {
		return w
	}
	return p.live(w)
}

// Artifact is a module that a build left.
type Artifact struct {
	Component int // index into Manifest.Components
	Path      string
}

// For says how the capsule of r is built. Its error is a *Problem for what the
// capsule's author can mend, such as a missing tool; it is looked for again on
// every call. For and the Plan's Identity cost well under a millisecond once
// the tools' versions are known.
func For(ctx context.Context, r Request) (*Plan, error) {
	j, err := newJob(r)
	if err != nil {
		return nil, err
	}
	l, err := choose(j)
	if err != nil {
		return nil, err
	}
	p, err := l.plan(ctx, j)
	if err != nil {
		return nil, err
	}
	return j.finish(p, l), nil
}

// job is one Request and what several languages need to know of it.
type job struct {
	Request
	dir     string // the capsule's folder, absolute
	env     environ
	profile string // "" is the language's default

	stood []os.FileInfo // what stood at each component's published path when the plan was made
}

func newJob(r Request) (*job, error) {
	m := r.Manifest
	if !m.Buildable() {
		return nil, manifestProblem(finding.Finding{Code: finding.ToolchainNothingToBuild, File: tree.ManifestName,
			Message: "the manifest names no component, so there is nothing to build", Hint: "add a [[component]] with file = \"name.wasm\""})
	}
	r.Jobs = max(1, r.Jobs)
	j := &job{Request: r, dir: m.Dir, env: buildEnv(r), profile: m.Dev.Profile}
	j.stood = j.standing()
	return j, nil
}

// finish fills in what a language left open.
func (j *job) finish(p *Plan, l language) *Plan {
	p.Toolchain = l.name
	if p.Dir == "" {
		p.Dir = j.dir
	}
	if p.Env == nil {
		p.Env = j.env
	}
	p.Env = environ(p.Env).with("PWD", p.Dir)
	p.Outputs = j.outputs()
	if isFile(filepath.Join(j.dir, "Cargo.toml")) {
		p.CargoTarget = readCrate(j).targetDir
	}
	p.Wrapper = j.wrapper()
	p.Identity += p.Wrapper.identity()
	if p.Diagnose == nil {
		p.Diagnose = func(stdout, stderr []byte) []finding.Finding {
			list := readLines(j.dir, p.Dir, l.syntaxes, stdout, stderr)
			return unique(append(list, missingTools(stderr, p.Env)...))
		}
	}
	if p.Collect == nil {
		p.Collect = func(context.Context, time.Time, []byte) ([]Artifact, error) { return j.collect(nil) }
	}
	if p.Outside == nil {
		p.Outside = func(context.Context) ([]string, error) { return nil, nil }
	}
	return p
}

package toolchain

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Command is a recipe that is carried out in folders of its own.
type Command struct {
	Argv    []string
	Dir     string
	Env     []string // complete
	Wrapper *Wrapper // the manifest's own command that makes a component of a core module; nil: none

	work   *work
	recipe *Recipe
}

// work is a build in its folders.
type work struct {
	*job
	out   string        // a fresh folder: what $CAPSULE_OUT_DIR says
	stood []os.FileInfo // what stood at each component's published path before the build
}

// Command is the recipe for a build that writes its modules to outDir and has tmpDir for its
// TMPDIR, both absolute and fresh. It looks at what stands published: it is asked for just
// before the build.
func (r *Recipe) Command(outDir, tmpDir string) *Command {
	w := &work{job: r.job, out: outDir}
	w.stood = w.standing()
	c := &Command{Argv: r.argv(outDir), Dir: r.job.dir, Env: r.job.inFolders(r.env, outDir, tmpDir), work: w, recipe: r}
	if r.tracer != "" {
		c.Argv = traced(r.tracer, outDir, c.Argv)
	}
	if r.wrapper != nil {
		wrapper := *r.wrapper
		wrapper.Env = r.job.inFolders(r.job.env, outDir, tmpDir)
		c.Wrapper = &wrapper
	}
	return c
}

// Diagnose reads what the build wrote. It never returns two findings that
// say the same, and files below the capsule are relative to it.
func (c *Command) Diagnose(stdout, stderr []byte) []finding.Finding {
	return c.recipe.diagnose(stdout, stderr)
}

// Collect finds the module of every component after a successful build. Its
// error is a *finding.Failure.
func (c *Command) Collect(buildStart time.Time, stdout []byte) ([]Artifact, error) {
	return c.recipe.collect(c.work, buildStart, stdout)
}

// Live makes of a writer for a person's eyes one that takes the build's
// standard output: a tool that writes its messages as JSON there is rendered.
func (c *Command) Live(w io.Writer) io.Writer {
	if c.recipe.live == nil {
		return w
	}
	return c.recipe.live(w)
}

// planCommand runs what the manifest's `build` says, without a shell.
func planCommand(_ context.Context, j *job) (*Recipe, error) {
	argv := j.Manifest.Dev.Build
	program := lookPath(argv[0], j.dir, j.env)
	if program == "" {
		f := missing(argv[0], j.env)
		f.File = tree.ManifestName
		f.Line, f.Column = j.Manifest.Position("package", "metadata", "astrid-dev", "build")
		f.Message = fmt.Sprintf("the build command %q is not installed, or not in PATH", argv[0])
		if path := shut(argv[0], j.dir, j.env); path != "" {
			f.Message = fmt.Sprintf("the build command %q is there but not executable", argv[0])
			f.Hint = fmt.Sprintf("run: chmod +x %s", path)
		}
		return nil, &finding.Failure{Step: finding.StepToolchain, Findings: []finding.Finding{f}}
	}
	id := Identity{Local: []string{stamp(program)}, Portable: []string{contentOf(program)}}
	return &Recipe{argv: fixed(append([]string{program}, argv[1:]...)...), Identity: id, ByTime: true}, nil
}

// shut is the file that name means and that may not be run, "" for none: a script that
// lost its mode is not one that must be installed.
func shut(name, dir string, env environ) string {
	places := []string{fsys.Absolute(dir, name)}
	if filepath.Base(name) == name {
		places = nil
		for _, folder := range filepath.SplitList(env.get("PATH")) {
			places = append(places, filepath.Join(folder, name))
		}
	}
	for _, path := range places {
		if filepath.IsAbs(path) && isFile(path) {
			return path
		}
	}
	return ""
}

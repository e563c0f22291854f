package compile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Do builds. The error is a *finding.Failure for what the capsule's author can mend, a
// *DiskError, or ctx's.
func (b *Build) Do(ctx context.Context) (Made, error) {
	b.command = b.Recipe.Command(filepath.Join(b.Work, "out"), filepath.Join(b.Work, "tmp"))
	b.tail = proc.NewTail(tailKept)
	b.made.Aged = map[string]int64{}
	if err := b.command.Prepare(); err != nil {
		return b.made, b.refused(err)
	}
	start := time.Now()
	artifacts, err := b.run(ctx)
	b.made.Ran, b.made.Told = err == nil, b.command.Told(start)
	if err == nil {
		if err = b.collect(ctx, artifacts); err != nil {
			_ = b.made.OnDisk() // nobody writes to the folder from then on
		}
	}
	return b.made, err
}

// run runs the build command and finds what it made.
func (b *Build) run(ctx context.Context) ([]toolchain.Artifact, error) {
	stdout, stderr := proc.NewTail(outputKept), proc.NewTail(outputKept)
	live := io.MultiWriter(b.Output, b.tail)
	believe := b.outdate()
	start := time.Now()
	result, err := b.runTool(ctx, io.MultiWriter(stdout, b.command.Live(live)), io.MultiWriter(stderr, live))
	b.made.Took = time.Since(start)
	left := believe()
	b.nameStrays(result.Strays)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var failure *finding.Failure
	if errors.As(err, &failure) {
		return nil, failure
	}
	if err != nil {
		return nil, notRun(err, b.command.Argv[0])
	}
	said := b.command.Diagnose(stdout.Bytes(), stderr.Bytes())
	if result.TimedOut || result.ExitCode != 0 {
		f := &finding.Failure{Step: finding.StepBuild, ExitCode: result.ExitCode, Tail: string(b.tail.Bytes()), Findings: said}
		if result.TimedOut {
			f.Findings = append([]finding.Finding{tookTooLong("the build", b.Timeout)}, f.Findings...)
		}
		return nil, f
	}
	for _, f := range said {
		if f.Severity != finding.Error { // it succeeded: what looks like an error was none
			b.made.Findings = append(b.made.Findings, f)
		}
	}
	return b.artifacts(start, stdout.Bytes(), left)
}

// runTool runs the build command, on another machine where there is one that does.
func (b *Build) runTool(ctx context.Context, stdout, stderr io.Writer) (proc.Result, error) {
	if b.Elsewhere != nil {
		return b.runElsewhere(ctx, stdout, stderr)
	}
	command := proc.Command{Argv: b.command.Argv, Dir: b.command.Dir, Env: b.command.Env, Timeout: b.Timeout, Grace: b.Grace, Stdout: stdout, Stderr: stderr}
	result, err := proc.Run(ctx, command)
	if errors.Is(err, proc.ErrDeserted) && ctx.Err() == nil { // somebody killed its guardian: that says nothing of the capsule
		return proc.Run(ctx, command)
	}
	return result, err
}

// artifacts are the modules that the tool left, and did not leave alone.
func (b *Build) artifacts(start time.Time, stdout []byte, left []string) ([]toolchain.Artifact, error) {
	artifacts, err := b.command.Collect(start, stdout)
	if err != nil {
		f := &finding.Failure{Step: finding.StepCollect, Tail: string(b.tail.Bytes())}
		var problem *finding.Failure
		if errors.As(err, &problem) {
			f.Findings = problem.Findings
		} else {
			f.Findings = []finding.Finding{{Code: finding.Toolchain, Message: err.Error()}}
		}
		return nil, f
	}
	for _, a := range artifacts {
		if slices.Contains(left, a.Path) {
			return nil, &finding.Failure{Step: finding.StepCollect, Tail: string(b.tail.Bytes()), Findings: []finding.Finding{b.leftAlone(a)}}
		}
	}
	return artifacts, nil
}

// collect copies every component into the build's folder, wrapped where it must be.
func (b *Build) collect(ctx context.Context, artifacts []toolchain.Artifact) error {
	slices.SortFunc(artifacts, func(x, y toolchain.Artifact) int { return x.Component - y.Component })
	for _, a := range artifacts {
		c := b.Manifest.Components[a.Component]
		if err := unfit(a.Path); err != nil {
			return err
		}
		staged := filepath.Join(b.Work, fmt.Sprintf("%d.wasm", a.Component))
		m := Module{Component: a.Component, Path: staged, Twin: staged + ".twin",
			Found: filepath.Clean(a.Path) == filepath.Join(b.Manifest.Dir, filepath.FromSlash(c.File))}
		path, err := b.bare(a.Path, &m)
		if err == nil {
			path, err = b.wrap(ctx, path, m.Path)
		}
		if err != nil {
			return err
		}
		if err := m.take(path); err != nil {
			return b.refused(err)
		}
		if c.Hash != "" && c.Hash != m.Hash {
			b.made.Findings = append(b.made.Findings, b.hashDiffers(a.Component, m.Hash))
		}
		b.made.Modules = append(b.made.Modules, m)
	}
	return nil
}

// take copies what the build made to its place, and once more meanwhile.
func (m *Module) take(from string) error {
	out, err := os.OpenFile(m.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	var onDisk func() error
	if m.Hash, m.Size, onDisk, err = tree.Copy(out, from); err != nil {
		return err
	}
	twin := make(chan struct{})
	go func() {
		defer close(twin)
		copyTwin(m.Path, m.Twin)
	}()
	m.onDisk = func() error {
		<-twin
		return onDisk()
	}
	return nil
}

// copyTwin has a copy of a file on disk, or none: who publishes it looks, and copies it then.
func copyTwin(from, to string) {
	in, err := os.Open(from)
	if err != nil {
		return
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		os.Remove(to)
	}
}

package builder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/component"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
)

// wrap makes a component of a core module that asks for it, and returns the
// path of what is to be staged: beside to, or path itself.
func (b *Builder) wrap(ctx context.Context, in *Inputs, plan *toolchain.Plan, s *Staged, path, to string, output io.Writer) (string, error) {
	wanted, err := wantsWrap(path)
	if err != nil {
		return "", stageFailure(ctx, in.Dir, err)
	}
	if !wanted || in.manifest.Dev.Wrap.Off {
		return path, nil
	}
	if plan.Wrapper == nil {
		s.Findings = append(s.Findings, finding.Finding{Code: "wrapper-missing", Severity: finding.Warning,
			Message: "the module carries component types, and no tool is there that makes a component of it",
			Hint:    "install wasm-tools (cargo install wasm-tools) or @bytecodealliance/jco, or write wrap = false to keep a core module"})
		return path, nil
	}
	if err := b.smokeCore(ctx, in, s, path); err != nil {
		return "", err
	}
	wrapped := to + ".component"
	argv, err := plan.Wrapper.Command(path, wrapped)
	if err != nil {
		return "", asProblem(err)
	}
	start := time.Now()
	defer func() { s.BuildTime += time.Since(start) }()
	tail := proc.NewTail(tailKept)
	live := io.MultiWriter(output, tail)
	timeout := b.timeout(in)
	result, err := proc.Run(ctx, proc.Command{Argv: argv, Dir: in.Dir, Env: plan.Wrapper.Env, Stdout: live, Stderr: live, Timeout: timeout, Grace: b.Grace})
	b.nameStrays(in.Dir, result.Strays)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if f := wrapFault(plan.Wrapper.Name, wrapped, result, err, timeout); f != nil {
		if err != nil {
			result.ExitCode = 0 // none ran
		}
		return "", &Failure{Step: StepWrap, ExitCode: result.ExitCode, Tail: string(tail.Bytes()), Findings: []finding.Finding{*f}}
	}
	return wrapped, nil
}

// wrapFault is why the wrapper name made no component; nil when it made one.
func wrapFault(name, wrapped string, result proc.Result, err error, timeout time.Duration) *finding.Finding {
	f := &finding.Finding{Code: "wrap-failed", Hint: "wrap = false in [package.metadata.astrid-dev] keeps the core module"}
	_, missing := os.Stat(wrapped)
	switch {
	case err != nil:
		f.Message = fmt.Sprintf("starting the wrapper %s: %v", name, err)
	case result.TimedOut:
		*f = tookTooLong("the wrapper "+name, timeout)
	case result.ExitCode != 0:
		f.Message = name + " could not make a component of the module"
		f.Hint = "read its output; " + f.Hint
	case errors.Is(missing, os.ErrNotExist):
		f.Message = fmt.Sprintf("the wrapper %s ended well and wrote no component", name)
		f.Hint = "write {in} and {out} into wrap where it takes the module and the component; " + f.Hint
	default:
		return nil
	}
	return f
}

func wantsWrap(path string) (bool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	if !bytes.Contains(data, []byte("component-type")) {
		return false, nil // the quick answer for nearly every module
	}
	m, err := component.DecodeModule(data)
	return err == nil && len(m.ComponentType) > 0, nil // a broken module is the smoke load's to refuse
}

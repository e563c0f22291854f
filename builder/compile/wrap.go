package compile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/source"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// wrap makes a component of a core module that asks for it, and returns the
// path of what is to be staged: beside to, or path itself. The manifest's own command
// makes it where there is one, else the reader does, as the runtime's own builder would.
func (b *Build) wrap(ctx context.Context, path, to string) (string, error) {
	if b.Manifest.Dev.Wrap.Off {
		return path, nil
	}
	customs, known := customsOf(path)
	if known && !source.TellWorld(customs) {
		return path, nil
	}
	module, err := os.ReadFile(path)
	if err != nil {
		return "", b.refused(err)
	}
	if !known { // its sections are not whole: only the reader knows what it makes of that
		if wanted, err := wantsWrap(ctx, module); err != nil || !wanted {
			return path, err
		}
	}
	wrapped := to + ".component"
	start := time.Now()
	defer func() { b.made.Took += time.Since(start) }()
	if b.command.Wrapper != nil {
		return wrapped, b.wrapByCommand(ctx, path, wrapped)
	}
	component, err := wrapHere(ctx, module)
	if err != nil || component == nil {
		return path, err
	}
	if err := os.WriteFile(wrapped, component, 0o666); err != nil {
		return "", b.refused(err)
	}
	return wrapped, nil
}

// customsOf are the names of custom sections in the module at path, of which no more than that is read. Where it is not ok,
// all of it is to be read.
func customsOf(path string) (names []string, ok bool) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	return source.Customs(f)
}

// wantsWrap reports whether a core module carries its world.
func wantsWrap(ctx context.Context, module []byte) (bool, error) {
	if !bytes.Contains(module, []byte("component-type")) {
		return false, nil
	}
	r, err := reader.Shared()
	if err != nil {
		return false, err
	}
	about, err := r.Describe(ctx, module)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return err == nil && about.Wrappable, nil
}

// wrapHere returns nothing for a module that is not valid: the smoke load says best what is
// wrong with it.
func wrapHere(ctx context.Context, module []byte) ([]byte, error) {
	r, err := reader.Shared()
	if err != nil {
		return nil, err
	}
	component, err := r.Wrap(ctx, module)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil {
		return component, nil
	}
	if reading, readErr := r.Read(ctx, module, reader.Request{Features: astrid.Newest().Features}); readErr == nil && reading.Fault != nil {
		return nil, nil
	}
	hint := "its world and its imports and exports must agree: build it again with one version of the SDK or of wit-bindgen; wrap = false in [package.metadata.astrid-dev] keeps the core module"
	return nil, &finding.Failure{Step: finding.StepWrap, Findings: []finding.Finding{{Code: finding.WrapFailed, Message: "no component can be made of the module: " + err.Error(), Hint: hint}}}
}

// wrapByCommand runs the manifest's own wrapper.
func (b *Build) wrapByCommand(ctx context.Context, path, wrapped string) error {
	argv, err := b.command.Wrapper.Command(path, wrapped)
	if err != nil {
		return err
	}
	tail := proc.NewTail(tailKept)
	live := io.MultiWriter(b.Output, tail)
	result, err := proc.Run(ctx, proc.Command{Argv: argv, Dir: b.Manifest.Dir, Env: b.command.Wrapper.Env, Stdout: live, Stderr: live, Timeout: b.Timeout, Grace: b.Grace})
	b.nameStrays(result.Strays)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if f := wrapFault(b.command.Wrapper.Name, wrapped, result, err, b.Timeout); f != nil {
		if err != nil {
			result.ExitCode = 0 // none ran
		}
		return &finding.Failure{Step: finding.StepWrap, ExitCode: result.ExitCode, Tail: string(tail.Bytes()), Findings: []finding.Finding{*f}}
	}
	return nil
}

// wrapFault is why the wrapper name made no component; nil when it made one.
func wrapFault(name, wrapped string, result proc.Result, err error, timeout time.Duration) *finding.Finding {
	f := &finding.Finding{Code: finding.WrapFailed, Hint: "wrap = false in [package.metadata.astrid-dev] keeps the core module"}
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

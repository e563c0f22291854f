// Package proof runs the tests of a built capsule, and tells what came of them. It builds nothing.
//
// The files call one way, from top to bottom:
//
//	proof.go  a run of tests
//	write.go  what came of it, for people and programs
package proof

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/inspect"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/calls"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// Options say which tests run. The zero value runs all, and writes nothing.
type Options struct {
	Only    *regexp.Regexp // those whose names match; nil: all
	Update  bool           // write what came into the files, where that was not expected
	Runtime []string       // releases of the runtime; the first one's host it is
}

// Proof is what came of a run.
type Proof struct {
	Manifest *capsule.Manifest
	Summary  *tests.Summary
	Warnings []finding.Finding // of what the module describes
	Updated  []tests.Updated   // files that were written
	update   bool              // what came was to be written
	Chosen   bool              // not all tests were asked for
}

// Run runs the tests of the capsule in the folder path, on the module that stands published. A
// capsule without tests, and a module that is missing or older than its sources, are a
// *usage.Error; what the tests find is in the Proof.
func Run(ctx context.Context, path string, o Options) (*Proof, error) {
	module, m, err := calls.Standing(ctx, path)
	if err != nil {
		return nil, err
	}
	releases := builder.Options{Runtime: o.Runtime}.Releases(m)
	i, err := inspect.Module(ctx, m, module, inspect.Options{Runtime: releases[0], Tests: true, Only: o.Only, Lines: builder.PublishedLines(m, module)})
	if err != nil {
		return nil, fmt.Errorf("running the tests of %s: %w", paths.Short(m.Dir), err)
	}
	p := &Proof{Manifest: m, Summary: i.Tests, Warnings: i.Findings, Chosen: o.Only != nil, update: o.Update}
	switch {
	case i.Tests == nil:
		return nil, usage.Hint(fmt.Errorf("%s has no tests", paths.Short(m.Dir)), `write tests/first.toml: a [[test]] with a name, a tool and args; --update then adds what came`)
	case o.Only != nil && len(i.Tests.Ran) == 0 && len(i.Tests.Faults) == 0:
		return nil, usage.New(fmt.Errorf("no test of %s has a name that matches %s", paths.Short(m.Dir), o.Only))
	case !o.Update:
		return p, nil
	}
	p.Updated, err = tests.Write(i.Files, i.Tests)
	if err != nil {
		err = usage.New(fmt.Errorf("writing what came: %w", err))
	}
	return p, err
}

// Failed reports whether a test failed that was not written anew, or a file cannot be read.
func (p *Proof) Failed() bool {
	return len(p.Summary.Faults) > 0 || slices.ContainsFunc(p.Summary.Ran, failed)
}

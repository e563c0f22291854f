package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/seal"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/attest"
	"github.com/astrid-runtime/astrid-dev/orchestrator/progress"
	reports "github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify"
)

func newVerify() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [PATH...]",
		Short: "Say whether capsules are sound: for pipelines",
		Long: `verify checks, builds and smoke-loads every capsule below the paths (the current
folder without any), and says of each whether it is sound. It builds in a copy of
the workspace: nothing is published, no earlier build's record is believed, and the tree
stays as it was found, so that a read-only checkout will do.

With --isolated each capsule is installed in the real runtime as well, in a daemon
with a home of its own that ends with this command.

It exits with 0 when all are sound, 1 when one is not or --timeout was over,
2 when it was called wrongly or found no capsule at all, and 130 when it was
interrupted. Reports are written in all cases but 2.`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.declare(cmd)
	return cmd
}

func (f verifyFlags) run(cmd *cobra.Command, args []string) error {
	targets, err := reports.ParseTargets(f.targets)
	if err != nil {
		return usage.New(err)
	}
	cfg, err := f.config(cmd)
	if err != nil {
		return err
	}
	_, found, err := capsules(cmd, args, f.nested)
	if err != nil {
		return err
	}
	cfg.Dirs, cfg.Closed = found.Dirs, found.Closed
	if err := reports.Probe(targets); err != nil {
		return usage.Hint(err, "name files in a folder that can be written; missing folders are made")
	}
	limits, err := f.limits()
	if err != nil {
		return err
	}
	if cfg.Shared, err = f.cache.open(cmd, limits); err != nil {
		return err
	}
	cfg.Slots = f.places(f.jobs)
	defer closeCache(cfg.Shared)
	if cfg.Machine, err = f.machine(cfg.Shared); err != nil {
		return err
	}
	wrong := collect(cfg.Shared)
	key, err := f.signer()
	if err != nil {
		return err
	}
	private, err := f.isolated.begin()
	if err != nil {
		return err
	}
	defer private.Close()
	cfg.Isolated = private.Findings()
	line := progress.New(cmd.ErrOrStderr())
	cfg.Progress = line.Tell
	end := line.Follow()
	r, err := verify.Run(cmd.Context(), cfg)
	end()
	if err != nil {
		return err
	}
	if f.attest != "" {
		if _, err := attest.Write(cmd.Context(), f.attest, r, key); err != nil {
			return usage.New(fmt.Errorf("writing attestations: %w", err))
		}
	}
	r.Cache = f.cache.tell(cfg.Shared, wrong(), r.Capsules)
	return tell(cmd, r, targets, cfg.Nothing())
}

// tell writes the report to wherever it is asked for, and is what it comes to. nothing is said where no capsule was verified.
func tell(cmd *cobra.Command, r *reports.Report, targets []reports.Target, nothing string) error {
	r.From, _ = os.Getwd() // without it files are seen from the workspace's top
	out := reports.Outputs{Files: targets, Answer: cmd.OutOrStdout(), JSON: asJSON(cmd), Nothing: nothing}
	if os.Getenv("GITHUB_ACTIONS") == "true" { // the runner reads commands from both streams; stdout may be a program's
		out.Workflow, out.Summary = cmd.ErrOrStderr(), os.Getenv("GITHUB_STEP_SUMMARY")
	}
	if err := out.Write(*r); err != nil {
		return usage.New(err)
	}
	return verdict(cmd.Context(), r)
}

// machine is what runs the commands of builds; nil: this machine does.
func (f verifyFlags) machine(c *shared.Cache) (shared.Machine, error) {
	if !f.execute {
		return nil, nil
	}
	if m, ok := c.Store.(shared.Machine); ok {
		return m, nil
	}
	return nil, usage.Hint(errors.New("--execute needs a server, and --cache names a folder"), "name one that runs commands: --cache grpc://HOST:PORT/INSTANCE")
}

// signer is the key that signs attestations; nil: they are left for somebody else to sign.
func (f verifyFlags) signer() (*seal.Key, error) {
	if f.attestKey == "" {
		return nil, nil
	}
	key, err := seal.ReadKey(f.attestKey)
	if err != nil {
		return nil, usage.Hint(fmt.Errorf("--attest-key: %w", err), "astrid-dev key FILE makes one")
	}
	return key, nil
}

// verdict is the exit code of a run. What was not run is not known to be sound.
func verdict(ctx context.Context, r *reports.Report) error {
	switch {
	case ctx.Err() != nil && r.Interrupted:
		return errInterrupted
	case r.Summary.Failed+r.Summary.NotRun > 0 || r.Interrupted:
		return &failedError{count: r.Summary.Failed, notRun: r.Summary.NotRun}
	}
	return nil
}

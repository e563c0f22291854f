package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/progress"
	reports "github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify"
)

// verifyFlags are verify's.
type verifyFlags struct {
	buildFlags
	repro, artifact, failFast, keepGoing bool
	since, shard, times                  string
	targets                              []string
	timeout                              time.Duration
}

func newVerify() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [PATH...]",
		Short: "Say whether capsules are sound: for pipelines",
		Long: `verify checks, builds and smoke-loads every capsule below the paths (the current
folder without any), and says of each whether it is sound. It builds in a copy of
the workspace: nothing is published, no earlier build's record is believed, and the tree
stays as it was found, so that a read-only checkout will do.

It exits with 0 when all are sound, 1 when one is not or --timeout was over,
2 when it was called wrongly or found no capsule at all, and 130 when it was
interrupted. Reports are written in all cases but 2.`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.repro, "repro", false, "build twice, in different folders, at different times, and compare the bytes")
	flags.BoolVar(&f.artifact, "check-artifact", false, "committed modules and declared hashes must be what the sources build")
	flags.BoolVar(&f.failFast, "fail-fast", false, "stop at the first capsule that fails")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "go on after a capsule failed (the default)")
	flags.DurationVar(&f.timeout, "timeout", 0, "how long the whole run may take; what has not ended then is reported as not run")
	flags.StringVar(&f.since, "changed-since", "", "only capsules whose inputs differ from the merge base of this git ref and HEAD")
	flags.StringVar(&f.shard, "shard", "", "I/N: only this one of N parts")
	flags.StringVar(&f.times, "shard-times", "", "JSON report of an earlier run, to make the shards take equally long; all shards must be given the same")
	flags.StringArrayVar(&f.targets, "report", nil, "FORMAT=FILE: write a report as json, junit, sarif or markdown; may be repeated")
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
	line := progress.New(cmd.ErrOrStderr())
	cfg.Progress = line.Tell
	end := line.Follow()
	r, err := verify.Run(cmd.Context(), cfg)
	end()
	if err != nil {
		return err
	}
	out := reports.Outputs{Files: targets, Answer: cmd.OutOrStdout(), JSON: asJSON(cmd), Nothing: cfg.Nothing()}
	if os.Getenv("GITHUB_ACTIONS") == "true" { // the runner reads commands from both streams; stdout may be a program's
		out.Workflow, out.Summary = cmd.ErrOrStderr(), os.Getenv("GITHUB_STEP_SUMMARY")
	}
	if err := out.Write(*r); err != nil {
		return usage.New(err)
	}
	return verdict(cmd.Context(), r)
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

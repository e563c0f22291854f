package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
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
	isolated                             isolatedFlags
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

With --isolated each capsule is installed in the real runtime as well, in a daemon
with a home of its own that ends with this command.

It exits with 0 when all are sound, 1 when one is not or --timeout was over,
2 when it was called wrongly or found no capsule at all, and 130 when it was
interrupted. Reports are written in all cases but 2.`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.register(cmd)
	f.isolated.register(cmd)
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
	roots, err := paths.Existing(args)
	if err != nil {
		return err
	}
	found, err := capsules(cmd, roots, f.nested)
	if err != nil {
		return err
	}
	cfg.Dirs, cfg.Closed = found.Dirs, found.Closed
	if err := reports.Probe(targets); err != nil {
		return usage.Hint(err, "name files in a folder that can be written; missing folders are made")
	}
	private, err := f.isolated.begin()
	if err != nil {
		return err
	}
	defer private.Close()
	cfg.Isolated = f.isolated.step(private)
	line := progress.New(cmd.ErrOrStderr())
	cfg.Progress = line.Tell
	end := line.Follow()
	r, err := verify.Run(cmd.Context(), cfg)
	end()
	if err != nil {
		return setupError(err)
	}
	return f.tell(cmd, targets, r)
}

// config reads the flags.
func (f verifyFlags) config(cmd *cobra.Command) (cfg verify.Config, err error) {
	if err := f.check(); err != nil {
		return cfg, err
	}
	if err := f.isolated.check(); err != nil {
		return cfg, err
	}
	if f.failFast && f.keepGoing {
		return cfg, usage.New(errors.New("--fail-fast and --keep-going exclude each other"))
	}
	if f.timeout < 0 {
		return cfg, usage.New(fmt.Errorf("--timeout must not be negative, and is %s", f.timeout))
	}
	runtimes, err := f.on.releases()
	if err != nil {
		return cfg, err
	}
	cfg = verify.Config{Jobs: f.jobs, Strict: f.strict, Runtime: runtimes, Installed: f.on.installed(), Repro: f.repro, CheckArtifact: f.artifact, FailFast: f.failFast,
		Timeout: f.timeout, ChangedSince: f.since, Tool: reports.Tool{Name: "astrid-dev", Version: version()}}
	if cmd.Flags().Changed("changed-since") && f.since == "" {
		// a pipeline's variable that is not set must not make verify look at everything, or at nothing
		return cfg, usage.Hint(errors.New("--changed-since was given without a ref"), "leave it out to verify everything")
	}
	if cmd.Flags().Changed("shard") {
		if cfg.Shard, err = verify.ParseShard(f.shard); err != nil {
			return cfg, usage.New(err)
		}
	}
	if f.times != "" {
		cfg.Times, err = f.readTimes(cmd.ErrOrStderr())
	}
	return cfg, err
}

// readTimes reads what capsules took from an earlier report. None is no error: the first
// run of a pipeline has none, and all its shards lack it.
func (f verifyFlags) readTimes(stderr io.Writer) (map[string]time.Duration, error) {
	if f.shard == "" {
		return nil, usage.New(errors.New("--shard-times is of use with --shard only"))
	}
	times, err := reports.ReadTimes(f.times)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(stderr, "astrid-dev: %s is not there: all capsules count the same\n", text.Name(f.times))
		return nil, nil
	case errors.Is(err, reports.ErrNoReport):
		return nil, usage.Hint(fmt.Errorf("reading --shard-times %q: %w", f.times, err), "give a file that --report json=FILE wrote")
	case err != nil:
		return nil, usage.New(fmt.Errorf("reading --shard-times: %w", err))
	}
	return times, nil
}

func setupError(err error) error {
	var setup *verify.SetupError
	if errors.As(err, &setup) {
		return usage.Hint(err, setup.Hint)
	}
	return usage.New(err)
}

// tell writes every report and makes the outcome an exit code.
func (f verifyFlags) tell(cmd *cobra.Command, targets []reports.Target, r *reports.Report) error {
	errs := []error{reports.WriteFiles(targets, *r)}
	out := cmd.OutOrStdout()
	switch {
	case asJSON(cmd):
		errs = append(errs, reports.JSON(out, *r))
	case len(r.Capsules) == 0:
		_, err := fmt.Fprintln(out, "nothing to verify: "+f.nothing())
		errs = append(errs, err)
	default:
		errs = append(errs, reports.Console(out, *r))
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		// The runner reads commands from both streams; stdout may be a program's.
		errs = append(errs, reports.Annotations(cmd.ErrOrStderr(), *r), reports.AppendSummary(os.Getenv("GITHUB_STEP_SUMMARY"), *r))
	}
	if err := errors.Join(errs...); err != nil {
		return usage.New(err)
	}
	switch {
	case cmd.Context().Err() != nil && r.Interrupted:
		return errInterrupted
	case r.Summary.Failed+r.Summary.NotRun > 0 || r.Interrupted: // what was not run is not known to be sound
		return &failedError{count: r.Summary.Failed, notRun: r.Summary.NotRun}
	}
	return nil
}

// nothing says why no capsule was left.
func (f verifyFlags) nothing() string {
	switch {
	case f.since == "":
		return "no capsule falls to shard " + f.shard
	case f.shard == "":
		return fmt.Sprintf("no capsule's inputs differ from the merge base with %s", text.Name(f.since))
	}
	return fmt.Sprintf("no capsule of shard %s has inputs that differ from the merge base with %s", f.shard, text.Name(f.since))
}

package main

import (
	"errors"
	"fmt"

	reports "github.com/astrid-runtime/astrid-dev/orchestrator/report"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify"
)

// check says what is wrong with the flags of cmd.
func (f verifyFlags) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	switch {
	case f.failFast && f.keepGoing:
		return usage.New(errors.New("--fail-fast and --keep-going exclude each other"))
	case f.timeout < 0:
		return usage.New(fmt.Errorf("--timeout must not be negative, and is %s", f.timeout))
	case given("changed-since") && f.since == "":
		// a pipeline's variable that is not set must not make verify look at everything, or at nothing
		return usage.Hint(errors.New("--changed-since was given without a ref"), "leave it out to verify everything")
	case given("shard-times") && !given("shard"):
		return usage.New(errors.New("--shard-times is of use with --shard only"))
	}
	return f.buildFlags.check()
}

// config reads the flags.
func (f verifyFlags) config(cmd *cobra.Command) (cfg verify.Config, err error) {
	if err := f.check(cmd); err != nil {
		return cfg, err
	}
	releases, err := f.on.releases()
	if err != nil {
		return cfg, err
	}
	cfg = verify.Config{Jobs: f.jobs, Strict: f.strict, Runtime: releases, Installed: f.on.installed(), Repro: f.repro, CheckArtifact: f.artifact, FailFast: f.failFast,
		Timeout: f.timeout, ChangedSince: f.since, Tool: reports.Tool{Name: "astrid-dev", Version: version()}}
	if cmd.Flags().Changed("shard") {
		if cfg.Shard, err = verify.ParseShard(f.shard); err != nil {
			return cfg, usage.New(err)
		}
	}
	if f.times == "" {
		return cfg, nil
	}
	cfg.Times, err = reports.EarlierTimes("--shard-times", f.times)
	if err == nil && cfg.Times == nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "astrid-dev: %s is not there: all capsules count the same\n", text.Name(f.times))
	}
	return cfg, err
}

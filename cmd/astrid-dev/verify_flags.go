package main

import (
	"errors"
	"fmt"
	"time"

	reports "github.com/astrid-runtime/astrid-dev/orchestrator/report"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify"
)

// verifyFlags are verify's.
type verifyFlags struct {
	buildFlags
	repro, artifact, failFast, keepGoing bool
	since, shard, times, journal, ref    string
	attest, attestKey                    string
	changes                              bool
	targets                              []string
	timeout                              time.Duration
	execute, executeOnly                 bool
	isolated                             isolatedFlags
	cache                                cacheFlags
}

func (f *verifyFlags) declare(cmd *cobra.Command) {
	f.register(cmd)
	f.isolated.register(cmd)
	f.cache.register(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.repro, "repro", false, "build twice, in different folders, at different times, and compare the bytes")
	flags.BoolVar(&f.execute, "execute", false, "have the machines behind the server of --cache build what nobody has built yet")
	flags.BoolVar(&f.executeOnly, "execute-only", false, "with --execute: what they do not build fails, instead of being built here")
	flags.StringArrayVar(&f.cache.properties, "execute-property", nil, "NAME=VALUE: what a machine must have that builds, as in container-image=docker://IMAGE; may be repeated")
	flags.BoolVar(&f.artifact, "check-artifact", false, "committed modules and declared hashes must be what the sources build")
	flags.BoolVar(&f.failFast, "fail-fast", false, "stop at the first capsule that fails")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "go on after a capsule failed (the default)")
	flags.DurationVar(&f.timeout, "timeout", 0, "how long the whole run may take; what has not ended then is reported as not run")
	flags.StringVar(&f.since, "changed-since", "", "only capsules whose inputs differ from the merge base of this git ref and HEAD")
	flags.StringVar(&f.ref, "against", "", "compare what capsules promise to others with this git ref, and say which version that asks for")
	flags.BoolVar(&f.changes, "runtime-changes", false, "with two --runtime: tell only what the second judges otherwise than the first")
	flags.StringVar(&f.shard, "shard", "", "I/N: only this one of N parts")
	flags.StringVar(&f.times, "shard-times", "", "JSON report of an earlier run, to make the shards take equally long; all shards must be given the same")
	flags.StringVar(&f.attest, "attest", "", "write an attestation of each capsule that passed to this file, as in out.intoto.jsonl")
	flags.StringVar(&f.attestKey, "attest-key", "", "private key that signs attestations (astrid-dev key); without it they are left for cosign to sign")
	flags.StringVar(&f.journal, "journal", "", "note in this file what passed: a run that was killed and is begun again with the same file goes on from there")
	flags.StringArrayVar(&f.targets, "report", nil, "FORMAT=FILE: write a report as json, junit, sarif or markdown; may be repeated")
}

// check says what is wrong with the flags of cmd.
func (f verifyFlags) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	switch {
	case f.failFast && f.keepGoing:
		return usage.New(errors.New("--fail-fast and --keep-going exclude each other"))
	case f.repro && f.cache.address != "":
		return usage.Hint(errors.New("--repro and --cache exclude each other"), "what was built elsewhere says nothing of whether two builds agree")
	case f.execute && f.cache.address == "":
		return usage.Hint(errors.New("--execute needs --cache"), "name a server that runs commands: --cache grpc://HOST:PORT/INSTANCE")
	case !f.execute && (f.executeOnly || len(f.cache.properties) > 0):
		return usage.New(errors.New("--execute-only and --execute-property are of use with --execute only"))
	case f.journal != "" && f.artifact:
		return usage.New(errors.New("--journal and --check-artifact exclude each other: a committed module is no input"))
	case f.attestKey != "" && f.attest == "":
		return usage.New(errors.New("--attest-key is of use with --attest only"))
	case f.attest != "" && f.journal != "":
		return usage.New(errors.New("--attest and --journal exclude each other: what an earlier run found is not attested"))
	case f.timeout < 0:
		return usage.New(fmt.Errorf("--timeout must not be negative, and is %s", f.timeout))
	case given("changed-since") && f.since == "":
		// a pipeline's variable that is not set must not make verify look at everything, or at nothing
		return usage.Hint(errors.New("--changed-since was given without a ref"), "leave it out to verify everything")
	case given("against") && f.ref == "":
		return usage.Hint(errors.New("--against was given without a ref"), "leave it out to compare with nothing")
	case f.changes && (len(f.on.versions()) != 2 || f.strict):
		return usage.Hint(errors.New("--runtime-changes compares two releases, and not with --strict"), "give --runtime twice, the older one first")
	case given("shard-times") && !given("shard"):
		return usage.New(errors.New("--shard-times is of use with --shard only"))
	}
	if err := f.isolated.check(); err != nil {
		return err
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
		Timeout: f.timeout, Journal: f.journal, Prove: f.attest != "", MachineOnly: f.executeOnly, Against: f.ref, Changes: f.changes, ChangedSince: f.since, Tool: reports.Tool{Name: "astrid-dev", Version: version()}}
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

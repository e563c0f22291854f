package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

// smokeFlags are the flags of smoke.
type smokeFlags struct {
	calls        []string
	payload      string
	timeout      time.Duration
	strict, json bool
	on           runtimeFlags
	isolated     isolatedFlags
}

func (f *smokeFlags) declare(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.calls, "call", nil, "call astrid-hook-trigger with this action (may be repeated)")
	flags.StringVar(&f.payload, "payload", "{}", "payload of the calls")
	flags.DurationVar(&f.timeout, "timeout", 0, "of the whole load (0: the manifest's, or 10s)")
	flags.BoolVar(&f.strict, "strict", false, "fail when the kernel would not take it")
	f.on.register(cmd, "the release of the runtime that judges, as in 2026.10.1 (may be repeated)")
	f.isolated.register(cmd)
	flags.BoolVar(&f.json, "json", false, "the same as --format json")
}

// check says what is wrong with the flags.
func (f smokeFlags) check() error {
	if f.timeout < 0 {
		return usage.New(fmt.Errorf("--timeout must not be negative, and is %s", f.timeout))
	}
	if _, err := f.on.releases(); err != nil {
		return err
	}
	return f.isolated.check()
}

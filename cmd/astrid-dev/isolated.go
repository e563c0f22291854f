package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/pack"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// isolatedFlags are --isolated and what belongs to it: capsules are tried in the real runtime,
// in a daemon of this call's own.
type isolatedFlags struct {
	on     bool
	astrid string
	vars   []string
}

func (f *isolatedFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.on, "isolated", false, "install it in the real runtime too: a private daemon, of which nothing stays")
	flags.StringVar(&f.astrid, "astrid", "", "the astrid or astrid-daemon of --isolated, or their folder (default: in PATH)")
	flags.StringArrayVar(&f.vars, "var", nil, "NAME=VALUE for the manifest's [env], with --isolated (may be repeated)")
}

// check finds a wrong call.
func (f *isolatedFlags) check() error {
	if !f.on && (f.astrid != "" || len(f.vars) > 0) {
		return usage.New(errors.New("--astrid and --var need --isolated"))
	}
	_, err := f.values()
	return err
}

// begin starts the private runtime that was asked for; nil when none was.
func (f *isolatedFlags) begin() (*daemon.Daemon, error) {
	if !f.on {
		return nil, nil
	}
	program, err := daemon.Find(f.astrid)
	if err != nil {
		return nil, err
	}
	d := daemon.New(daemon.Options{Program: program, Env: os.Environ()})
	d.Begin()
	return d, nil
}

func (f *isolatedFlags) values() (map[string]string, error) {
	values := map[string]string{}
	for _, v := range f.vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, usage.New(fmt.Errorf("--var %s: write NAME=VALUE", v))
		}
		values[name] = value
	}
	return values, nil
}

// try installs the capsule of m with the file module, "" for the one that stands published.
// The answer says why it is not loaded where it is not.
func (f *isolatedFlags) try(ctx context.Context, d *daemon.Daemon, m *capsule.Manifest, module string) (*daemon.Answer, error) {
	values, err := f.values()
	if err != nil {
		return nil, err
	}
	contracts, err := toolchain.Contracts(ctx, m, os.Environ())
	if err != nil {
		return nil, usage.New(fmt.Errorf("looking for the SDK's WIT: %w", err))
	}
	answer, err := d.Install(ctx, daemon.Package{Source: pack.Source{Manifest: m, Module: module, Contracts: contracts}, Values: values})
	if ctx.Err() != nil {
		return nil, errInterrupted
	}
	if err != nil {
		return nil, usage.New(err)
	}
	return answer, nil
}

// step is try for verify, nil without d.
func (f *isolatedFlags) step(d *daemon.Daemon) func(context.Context, *capsule.Manifest, string) ([]finding.Finding, error) {
	if d == nil {
		return nil
	}
	return func(ctx context.Context, m *capsule.Manifest, module string) ([]finding.Finding, error) {
		answer, err := f.try(ctx, d, m, module)
		if err != nil {
			return nil, err
		}
		return answer.Findings, nil
	}
}

// compared adds to the answer that the sandbox did not foresee it.
func compared(answer *daemon.Answer, foreseen bool) {
	decided := answer.Loaded || finding.Has(answer.Findings, finding.IsolatedRefused)
	if !decided || answer.Loaded == foreseen {
		return
	}
	f := finding.Finding{Code: finding.IsolatedDiffers, Severity: finding.Warning, Hint: "report it with the module: the runtime is right",
		Message: "the sandbox called it kernel-ready, and the runtime does not load it"}
	if answer.Loaded {
		f.Message = "the runtime loads it, and the sandbox called it not kernel-ready"
	}
	answer.Findings = append(answer.Findings, f)
}

func tellAnswer(cmd *cobra.Command, m *capsule.Manifest, answer *daemon.Answer) error {
	w := cmd.OutOrStdout()
	if asJSON(cmd) {
		return json.NewEncoder(w).Encode(struct {
			Capsule string         `json:"capsule"`
			Dir     string         `json:"dir"`
			Runtime *daemon.Answer `json:"runtime"`
		}{m.Package.Name, m.Dir, answer})
	}
	if answer.Loaded {
		fmt.Fprintf(w, "runtime    %s %s is loaded, in %s\n", m.Package.Name, answer.Version, text.Seconds(answer.TookMS))
	} else {
		fmt.Fprintf(w, "runtime    %s is not loaded\n", m.Package.Name)
	}
	for _, tool := range answer.Tools {
		fmt.Fprintln(w, text.Line(strings.TrimSpace("tool       "+tool.Name+"  "+tool.Description)))
	}
	console.Findings(w, m.Dir, answer.Findings)
	return nil
}

// needsCapsule is the error of --isolated for a file: the runtime installs capsules.
func needsCapsule(path string) error {
	return usage.Hint(fmt.Errorf("%s is a module, and --isolated installs a capsule", paths.Short(path)), "give the capsule's folder")
}

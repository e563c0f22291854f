// Package trial tries capsules in the real runtime, in a private daemon, and tells what it
// answered.
package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/pack"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
)

// Trial is a private runtime that comes up while something else is done. It may be used
// concurrently. The zero value of Close's receiver, nil, is one that nobody asked for.
type Trial struct {
	daemon *daemon.Daemon
	values map[string]string
}

// Begin starts the runtime that astrid names, "" for the one in PATH. values are for the
// manifests' [env]. The error is a *usage.Error.
func Begin(astrid string, values map[string]string) (*Trial, error) {
	program, err := daemon.Find(astrid)
	if err != nil {
		return nil, err
	}
	d := daemon.New(daemon.Options{Program: program, Env: os.Environ()})
	d.Begin()
	return &Trial{d, values}, nil
}

// Values takes NAME=VALUE apart. The error is a *usage.Error.
func Values(vars []string) (map[string]string, error) {
	values := map[string]string{}
	for _, v := range vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, usage.New(fmt.Errorf("--var %s: write NAME=VALUE", text.Name(v)))
		}
		values[name] = value
	}
	return values, nil
}

// Close ends the runtime; nothing of it stays. It may be called on nil.
func (t *Trial) Close() {
	if t != nil {
		t.daemon.Close()
	}
}

// Try installs the capsule of m with the file module, "" for the one that stands published.
// The answer says why it is not loaded where it is not. The error is ctx's or a *usage.Error.
func (t *Trial) Try(ctx context.Context, m *capsule.Manifest, module string) (*daemon.Answer, error) {
	contracts, err := toolchain.Contracts(ctx, m, os.Environ())
	if err == nil {
		var answer *daemon.Answer
		answer, err = t.daemon.Install(ctx, daemon.Package{Source: pack.Source{Manifest: m, Module: module, Contracts: contracts}, Values: t.values})
		if err == nil {
			return answer, nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, usage.New(fmt.Errorf("trying %s in the real runtime: %w", m.Package.Name, err))
}

// Ask has q carried to the capsules that were tried, as far as they are loaded in the process of
// the last one. The error is ctx's or a *usage.Error.
func (t *Trial) Ask(ctx context.Context, q daemon.Question) (*daemon.Reply, error) {
	reply, err := t.daemon.Ask(ctx, q)
	return reply, asked(ctx, err)
}

// Logs are the lines that the capsule of m has logged. The error is as of Ask.
func (t *Trial) Logs(ctx context.Context, m *capsule.Manifest) ([]daemon.Line, error) {
	link, err := t.daemon.Connect(ctx)
	if err != nil {
		return nil, asked(ctx, err)
	}
	lines, err := link.Logs(m.Package.Name)
	return lines, asked(ctx, err)
}

// asked is an error of asking the runtime, as it is told.
func asked(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return usage.New(fmt.Errorf("asking the real runtime: %w", err))
}

// Findings is Try for who needs no more of the answer. It is nil on nil.
func (t *Trial) Findings() func(context.Context, *capsule.Manifest, string) ([]finding.Finding, error) {
	if t == nil {
		return nil
	}
	return func(ctx context.Context, m *capsule.Manifest, module string) ([]finding.Finding, error) {
		answer, err := t.Try(ctx, m, module)
		if err != nil {
			return nil, err
		}
		return answer.Findings, nil
	}
}

// Compare adds to the answer that the sandbox, which called the capsule ready or not, did not
// foresee it. What the runtime was not asked about cannot differ.
func Compare(answer *daemon.Answer, ready bool) {
	decided := answer.Loaded || finding.Has(answer.Findings, finding.IsolatedRefused)
	if !decided || answer.Loaded == ready {
		return
	}
	f := finding.Finding{Code: finding.IsolatedDiffers, Severity: finding.Warning, Hint: "report it with the module: the runtime is right",
		Message: "the sandbox called it kernel-ready, and the runtime does not load it"}
	if answer.Loaded {
		f.Message = "the runtime loads it, and the sandbox called it not kernel-ready"
	}
	answer.Findings = append(answer.Findings, f)
}

// JSON writes the answer about m for programs, in one line.
func JSON(w io.Writer, m *capsule.Manifest, answer *daemon.Answer) error {
	return json.NewEncoder(w).Encode(struct {
		Capsule string         `json:"capsule"`
		Dir     string         `json:"dir"`
		Runtime *daemon.Answer `json:"runtime"`
	}{m.Package.Name, m.Dir, answer})
}

// Text writes the answer about m for a person.
func Text(w io.Writer, m *capsule.Manifest, answer *daemon.Answer) error {
	var b strings.Builder
	if answer.Loaded {
		fmt.Fprintf(&b, "runtime    %s %s is loaded, in %s\n", m.Package.Name, answer.Version, text.Seconds(answer.TookMS))
	} else {
		fmt.Fprintf(&b, "runtime    %s is not loaded\n", m.Package.Name)
	}
	for _, tool := range answer.Tools {
		fmt.Fprintln(&b, text.Line(strings.TrimSpace("tool       "+tool.Name+"  "+tool.Description)))
	}
	console.Findings(&b, m.Dir, answer.Findings)
	_, err := io.WriteString(w, b.String())
	return err
}

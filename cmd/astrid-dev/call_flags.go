package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/calls"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// callFlags are the flags of call and tools.
type callFlags struct {
	args, caller, clock string
	envFile             string
	env, vars           []string
	seed                uint64
	timeout             time.Duration
	trace, json         bool
	on                  runtimeFlags

	cwd, state, approve string
	write, process      bool
	record              bool
	net, answers, files []string
	with                []string
	noPeers             bool
	calling             bool // call, and not tools

	isolated bool
	astrid   string
}

// declareWorld declares what both take.
func (f *callFlags) declareWorld(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.env, "env", nil, "NAME=VALUE for the manifest's [env] (may be repeated; --var is the same)")
	flags.StringVar(&f.envFile, "env-file", "", "a file of NAME=VALUE lines for the manifest's [env]; what --env says goes before it")
	flags.StringArrayVar(&f.vars, "var", nil, "the same as --env")
	flags.DurationVar(&f.timeout, "timeout", 0, "of one call (0: the manifest's for smoke, or 30s)")
	f.on.register(cmd, "the release of the runtime whose host it is, as in 2026.10.1")
	flags.BoolVar(&f.json, "json", false, "the same as --format json")
}

// declareCall declares what only call takes.
func (f *callFlags) declareCall(cmd *cobra.Command) {
	f.calling = true
	flags := cmd.Flags()
	flags.StringVar(&f.args, "args", "", "the arguments as a JSON object: itself, @FILE, or - for stdin")
	flags.BoolVar(&f.trace, "trace", false, "print each call of the host with its arguments, answer and time")
	flags.StringVar(&f.caller, "caller", "", "the principal in whose name the tool is called (default: default)")
	flags.Uint64Var(&f.seed, "seed", 0, "of random bytes: the same seed gives the same bytes")
	flags.StringVar(&f.clock, "clock", "", "where the clock begins, as in 2026-01-01T00:00:00Z (the default)")
	flags.StringVar(&f.cwd, "cwd", "", "the folder that is cwd:// to it; what it writes there stays in memory (default: an empty one)")
	flags.BoolVar(&f.write, "write", false, "write what it changed in cwd:// into the folder of --cwd")
	flags.StringArrayVar(&f.files, "file", nil, "PATH=FILE: a file of cwd://, home:// or /tmp with the content of FILE (may be repeated)")
	flags.StringVar(&f.state, "state", "", "a file that keeps what it stores under keys, from call to call")
	flags.StringArrayVar(&f.net, "allow-net", nil, "a host that it may reach, or HOST:PORT of this machine's own network (may be repeated)")
	flags.StringArrayVar(&f.with, "with", nil, "the folder of another built capsule that is on its bus (may be repeated)")
	flags.BoolVar(&f.noPeers, "no-peers", false, "leave out the capsules beside it that hear what it says, which are on its bus else")
	flags.BoolVar(&f.record, "record", false, "write the call into tests/recorded.toml: a change of what it does is told at each reload")
	flags.BoolVar(&f.process, "allow-process", false, "let it run the programs that it declares: they may do everything that you may")
	flags.StringVar(&f.approve, "approve", "", "what is decided when it asks: denied, approved, approved-session or approved-always")
	flags.StringArrayVar(&f.answers, "answer", nil, "KEY=VALUE: what is answered when it asks a person (may be repeated)")
}

func (f *callFlags) open(cmd *cobra.Command, dir string) (*calls.Capsule, error) {
	o, err := f.options()
	if err != nil {
		return nil, err
	}
	return calls.Open(cmd.Context(), dir, o)
}

// options are what the flags say, and what is wrong with them.
func (f *callFlags) options() (o calls.Options, err error) {
	o = calls.Options{Trace: f.trace, Wall: f.timeout, Caller: f.caller, Seed: f.seed, Runtime: f.on.versions(),
		Cwd: f.cwd, Write: f.write, State: f.state, AllowNet: f.net, AllowProcess: f.process, Approve: f.approve, Record: f.record, With: f.with}
	o.Around = f.calling && !f.noPeers
	if f.noPeers && len(f.with) > 0 {
		return o, usage.New(errors.New("--no-peers and --with contradict each other"))
	}
	if f.timeout < 0 {
		return o, usage.New(fmt.Errorf("--timeout must not be negative, and is %s", f.timeout))
	}
	if f.write && f.cwd == "" {
		return o, usage.New(errors.New("--write needs --cwd DIR, to know where to"))
	}
	if f.approve != "" && !slices.Contains(host.Decisions, f.approve) {
		return o, usage.New(fmt.Errorf("--approve takes %s, not %q", strings.Join(host.Decisions, ", "), f.approve))
	}
	if _, err := f.on.releases(); err != nil {
		return o, err
	}
	if o.Env, err = pairs("env", append(slices.Clone(f.env), f.vars...)); err != nil {
		return o, err
	}
	if o.EnvFile, err = envFile(f.envFile); err != nil {
		return o, err
	}
	if o.Answers, err = pairs("answer", f.answers); err != nil {
		return o, err
	}
	if o.Files, err = pairs("file", f.files); err != nil {
		return o, err
	}
	if f.clock != "" {
		if o.Clock, err = time.Parse(time.RFC3339, f.clock); err != nil {
			return o, usage.Hint(fmt.Errorf("--clock %q is no time", f.clock), "write it as in 2026-01-01T00:00:00Z")
		}
	}
	return o, nil
}

// maxEnvFile is how many bytes a file of values may have.
const maxEnvFile = 1 << 20

// envFile reads NAME=VALUE lines, as shells and their tools do: empty lines and those that begin
// with # do not count, export may stand before a name, and quotes around a value are none of it.
func envFile(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	text, err := fsys.Read(path, maxEnvFile)
	if err != nil {
		return nil, usage.New(fmt.Errorf("--env-file: %w", err))
	}
	values := map[string]string{}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, usage.New(fmt.Errorf("--env-file %s: line %d is not NAME=VALUE", paths.Short(path), i+1)) // it may be a secret: it is not shown
		}
		value = strings.TrimSpace(value)
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		values[name] = value
	}
	return values, nil
}

// pairs reads the values of a flag that takes NAME=VALUE.
func pairs(flag string, list []string) (map[string]string, error) {
	values := map[string]string{}
	for _, v := range list {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, usage.New(fmt.Errorf("--%s %q is not NAME=VALUE", flag, v))
		}
		values[name] = value
	}
	return values, nil
}

// arguments are those of the command line, of a file, or of stdin.
func (f *callFlags) arguments(cmd *cobra.Command, words []string) (calls.Arguments, error) {
	if !cmd.Flags().Changed("args") {
		return calls.Arguments{Words: words}, nil
	}
	if len(words) > 0 {
		return calls.Arguments{}, usage.New(errors.New("arguments are given either as NAME=VALUE or with --args"))
	}
	b := []byte(f.args)
	var err error
	if file, ok := strings.CutPrefix(f.args, "@"); ok {
		if b, err = os.ReadFile(file); err != nil {
			return calls.Arguments{}, usage.New(fmt.Errorf("reading the arguments from %s: %w", paths.Short(file), err))
		}
	} else if f.args == "-" {
		if b, err = io.ReadAll(cmd.InOrStdin()); err != nil {
			return calls.Arguments{}, usage.New(fmt.Errorf("reading the arguments from stdin: %w", err))
		}
	}
	return calls.Arguments{JSON: b}, nil
}

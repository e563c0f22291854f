// Package calls calls the tools of a built capsule in the sandbox's world, and tells what came
// of it. It builds nothing.
//
// The files call one way, from top to bottom:
//
//	isolated.go  a capsule whose tools can be called in the real runtime
//	calls.go     one whose tools can be asked for and called in the sandbox's world
//	record.go    a call becomes a test
//	peers.go     other capsules of the workspace
//	standing.go  the module that is called
//	arguments.go what a tool is called with
//	world.go     the world of a call, and what is kept of it
//	write.go     tools and answers for people and programs
//	answer.go    what came of a call
//	hide.go      secrets, which are written nowhere
package calls

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// Options say in which world a capsule is called. The zero value is the manifest's own.
type Options struct {
	Env     map[string]string // values of [env], beside the manifest's defaults
	EnvFile map[string]string // the same, of which what the manifest does not declare is left out
	Trace   bool              // tell each call of the host
	Wall    time.Duration     // of one call; 0: the manifest's smoke timeout, or 30 s
	Runtime []string          // releases of the runtime; the first one's host it is
	Caller  string            // the principal in whose name tools are called; "": default
	Seed    uint64            // of random bytes
	Clock   time.Time         // where the clock begins; zero: host.StartClock

	Cwd          string            // the folder that is cwd://; it is only read. "": none
	Write        bool              // write what a tool changed there into it
	Files        map[string]string // more files: a path of the guest to one of the machine
	State        string            // a file that keeps keys and values from call to call; "": none
	AllowNet     []string          // hosts that may be reached, and HOST:PORT of this machine's own network
	AllowProcess bool              // programs that are declared may run
	Approve      string            // one of host.Decisions; "": nobody is asked
	Answers      map[string]string // of a person, by key
	With         []string          // folders of other capsules that are on its bus
	Around       bool              // without With: those beside the capsule that hear what it says
	Record       bool              // write the call into a file of tests
}

// Capsule is one whose module is loaded. Close ends it.
type Capsule struct {
	Manifest *capsule.Manifest
	Module   string // the file that is loaded

	around  []Peer
	world   host.Options
	guest   *guest.Guest
	options Options
}

// Open loads the module that stands published in the capsule's folder path. A module that is
// missing, or older than its sources, is a *usage.Error that says how to build it; one that
// cannot be run is a *guest.Error.
func Open(ctx context.Context, path string, o Options) (*Capsule, error) {
	module, m, err := Standing(ctx, path)
	if err != nil {
		return nil, err
	}
	c := &Capsule{Manifest: m, Module: module, options: o}
	if c.world, err = o.world(m); err != nil {
		return nil, err
	}
	limits := guest.Limits{Memory: m.Dev.Smoke.Memory, Wall: o.Wall}
	if limits.Wall == 0 {
		limits.Wall = m.Dev.Smoke.Timeout
	}
	releases := builder.Options{Runtime: o.Runtime}.Releases(m)
	var peers []guest.Peer
	if peers, c.around, err = o.meet(ctx, m); err != nil {
		return nil, err
	}
	c.guest, _, err = guest.Start(ctx, c.Module, guest.Options{Limits: limits, Host: c.world, Runtime: releases[0], Lines: builder.PublishedLines(m, c.Module), Peers: peers})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", paths.Short(c.Module), err)
	}
	return c, nil
}

// Close ends the child that runs the module. It may be called on nil.
func (c *Capsule) Close() {
	if c != nil {
		c.guest.Close()
	}
}

// Tools are what the capsule describes. The error may be a *tools.FaultError.
func (c *Capsule) Tools(ctx context.Context) ([]tools.Tool, error) {
	list, _, err := tools.Describe(ctx, c.guest, c.world)
	return list, err
}

// Call calls a tool. A tool that does not exist, and arguments that do not fit, are a
// *usage.Error; what the guest does wrong is in the Answer.
func (c *Capsule) Call(ctx context.Context, name string, a Arguments) (*Answer, error) {
	list, err := c.Tools(ctx)
	if err != nil {
		return nil, err
	}
	arguments, err := a.among(list, name)
	if err != nil {
		return nil, err
	}
	result, outcome, err := tools.Call(ctx, c.guest, c.world, name, arguments)
	answer := &Answer{Tool: name, Result: result, Outcome: outcome, Around: c.around, secrets: secretsOf(c.world)}
	err = answer.blame(err)
	if err == nil && c.options.Record {
		err = c.record(answer, arguments)
	}
	if err == nil {
		err = c.options.keep(answer)
	}
	return answer, err
}

// secretsOf are the values of a world that are never written.
func secretsOf(w host.Options) (values []string) {
	for _, secret := range w.Secrets {
		values = append(values, w.Config[secret])
	}
	return values
}

// among are the arguments for the tool called name. A tool that is not in list is a *usage.Error.
func (a Arguments) among(list []tools.Tool, name string) (json.RawMessage, error) {
	i := slices.IndexFunc(list, func(t tools.Tool) bool { return t.Name == name })
	if i < 0 {
		return nil, unknownTool(name, list)
	}
	return a.forTool(list[i])
}

func unknownTool(name string, list []tools.Tool) error {
	err := fmt.Errorf("there is no tool %q", name)
	var have []string
	for _, t := range list {
		have = append(have, t.Name)
	}
	if len(have) == 0 {
		return usage.New(fmt.Errorf("%w: the capsule describes no tools", err))
	}
	hint := known("its tools are ", have)
	if near := capsule.Nearest(name, have); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return usage.Hint(err, hint)
}

// IsGuestFault reports whether an error is a module that cannot be run, or does not answer as
// it should: the capsule's fault, and not the call's.
func IsGuestFault(err error) bool {
	var fault *tools.FaultError
	var broken *guest.Error
	return errors.As(err, &fault) || errors.As(err, &broken)
}

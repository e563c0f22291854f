package tests

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
)

// Wall is the time of one test where the manifest gives none for the smoke load: a call of a
// tool takes milliseconds, and an agent waits for all of them.
const Wall = 10 * time.Second

// maxLate is how many tests may not end in their time until the others are not run: each of
// them is waited for, and they mostly have one cause.
const maxLate = 3

// Runner runs tests.
type Runner struct {
	Guest           *guest.Guest
	World           host.Options // the manifest's
	Env             []string     // that the manifest declares
	Tools           []string     // that the module describes; nil: nobody knows
	Only            *regexp.Regexp
	Module, Runtime string          // the hash of the module, and the release whose host it meets; Module "": nothing is known of runs before
	Earlier         *Earlier        // nil: all are run
	Calls           map[string]bool // keys of the calls that are made; nil: all
}

// Run runs the tests of files. The error is ctx's: the tests that were to come did not run then.
func (r *Runner) Run(ctx context.Context, files []*File) (*Summary, error) {
	began := time.Now()
	s := &Summary{}
	defer func() { s.Millis = time.Since(began).Milliseconds() }()
	var late int
	var dead error // the child that runs them
	for _, f := range files {
		s.Faults = append(s.Faults, f.Faults...)
		for _, t := range f.runnable(r.Only) {
			if !r.wanted(t) {
				continue
			}
			ran := t.ran()
			switch {
			case dead != nil:
				ran.notRun("the process that runs them has ended")
			case late >= maxLate:
				ran.notRun(fmt.Sprintf("%d tests before it did not end in their time", maxLate))
				ran.Late = true
			default:
				dead = r.run(ctx, t, &ran)
			}
			if ctx.Err() != nil {
				return s, ctx.Err()
			}
			if ran.Late {
				late++
			}
			s.Ran = append(s.Ran, ran)
		}
	}
	return s, nil
}

// wanted reports whether the call of t is one that is made.
func (r *Runner) wanted(t *Test) bool {
	if r.Calls == nil {
		return true
	}
	key, err := t.callKey()
	return err == nil && r.Calls[key]
}

// runnable are the tests of a file that is sound, whose name only matches; nil: all.
func (f *File) runnable(only *regexp.Regexp) (list []*Test) {
	if len(f.Faults) > 0 {
		return nil
	}
	for _, t := range f.Tests {
		if only == nil || only.MatchString(t.Name) {
			list = append(list, t)
		}
	}
	return list
}

// NotRun is what came of files whose tests could not be run, and why.
func NotRun(files []*File, why string) *Summary {
	s := &Summary{}
	for _, f := range files {
		s.Faults = append(s.Faults, f.Faults...)
		for _, t := range f.runnable(nil) {
			ran := t.ran()
			ran.notRun(why)
			s.Ran = append(s.Ran, ran)
		}
	}
	return s
}

func (r *Ran) notRun(why string) {
	r.fails("what keeps it from running is to be mended first", "it was not run: "+why)
}

// fails adds what is amiss with the test as a whole.
func (r *Ran) fails(hint, message string) {
	r.Missed = append(r.Missed, Miss{Line: r.Line, index: -1, Message: message, Hint: hint})
}

// run runs one test in a world of its own. The error is a child that ended.
func (r *Runner) run(ctx context.Context, t *Test, ran *Ran) error {
	if t.tool != "" && r.Tools != nil && !slices.Contains(r.Tools, t.tool) {
		ran.fails(r.nearest(t.tool), fmt.Sprintf("the capsule describes no tool %q", t.tool))
		return nil
	}
	world, undeclared := t.in(r.World, r.Env)
	if undeclared != "" {
		ran.fails("declare it in Capsule.toml, or take it out of env", fmt.Sprintf("the manifest has no [env.%s]", undeclared))
		return nil
	}
	call, err := t.callKey()
	if err != nil {
		call = "" // the run says why
	}
	key := r.runKey(t, call, world)
	if same := r.earlier(t, call, key); same != nil {
		*ran = *same
		return nil
	}
	ran.Key = key
	began := time.Now()
	defer func() { ran.Millis = float64(time.Since(began).Microseconds()) / 1000 }()
	peers, err := t.peers()
	if err != nil {
		ran.fails("build it; where tests of this capsule need it, name its module in inputs", err.Error())
		return nil
	}
	start, err := r.Guest.Enter(ctx, world, peers...)
	if err != nil {
		ran.fails("", err.Error())
		return err
	}
	if start.Error != "" {
		ran.Late = start.Late
		ran.fails("", start.Error)
		return nil
	}
	s, err := r.call(ctx, t, world)
	var fault *tools.FaultError
	switch {
	case errors.As(err, &fault):
		ran.fails("", fault.Message)
		ran.Missed = append(ran.Missed, t.strayed(s)...)
		ran.call = t.observed(call, s, fault.Message, world)
		if s.outcome != nil {
			ran.Late = s.outcome.Late
			ran.Missed[0].Diff = stack(s.outcome)
		}
		return nil
	case err != nil:
		ran.fails("", err.Error())
		return err
	}
	ran.call = t.observed(call, s, "", world)
	s.outcome.Record.Logs = slices.Concat(start.Record.Logs, s.outcome.Record.Logs)
	ran.Missed, ran.seen = t.missed(s), s
	return nil
}

func (r *Runner) nearest(tool string) string {
	if len(r.Tools) == 0 {
		return "it describes no tools at all"
	}
	hint := "its tools are " + strings.Join(r.Tools, ", ")
	if near := capsule.Nearest(tool, r.Tools); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return hint
}

// in is the world of t beside the manifest's; a value of env that the manifest does not declare
// is named.
func (t *Test) in(o host.Options, declared []string) (w host.Options, undeclared string) {
	w, has := o, t.world
	w.Config = maps.Clone(o.Config)
	for _, name := range slices.Sorted(maps.Keys(has.env)) {
		if !slices.Contains(declared, name) {
			return w, name
		}
		w.Config[name] = has.env[name]
	}
	w.Caller.Principal, w.Seed = has.caller, has.seed
	if !has.clock.IsZero() {
		w.Clock = has.clock.UnixMilli()
	}
	w.State, w.Files, w.Cwd, w.Approve, w.Answers = has.kv, has.files, has.cwd, has.approve, has.answers
	w.HTTP, w.TCP, w.Hosts = has.http, has.tcp, has.hosts
	c, more := &w.Capabilities, has.capabilities
	for _, both := range []struct {
		to  *[]string
		add []string
	}{{&c.Net, more.Net}, {&c.KV, more.KV}, {&c.FSRead, more.FSRead}, {&c.FSWrite, more.FSWrite}, {&c.HostProcess, more.HostProcess},
		{&c.NetBind, more.NetBind}, {&c.NetConnect, more.NetConnect}, {&c.Identity, more.Identity}} {
		if both.add != nil {
			*both.to = slices.Concat(*both.to, both.add)
		}
	}
	c.Uplink = c.Uplink || more.Uplink
	c.AllowPersistent = c.AllowPersistent || more.AllowPersistent
	c.AllowPromptInjection = c.AllowPromptInjection || more.AllowPromptInjection
	return w, ""
}

// call calls the tool, or sends the message. The seen is never nil.
func (r *Runner) call(ctx context.Context, t *Test, world host.Options) (*seen, error) {
	s := &seen{}
	var before []*guest.Outcome
	for _, m := range t.world.messages {
		_, outcome, err := tools.Send(ctx, r.Guest, world, m.Topic, m.Payload)
		if s.outcome = outcome; err != nil {
			return s, err
		}
		before = append(before, outcome)
	}
	defer s.after(before)
	if t.topic != "" {
		data, outcome, err := tools.Send(ctx, r.Guest, world, t.topic, t.args)
		if s.outcome = outcome; err != nil {
			return s, err
		}
		s.content, s.published = string(data), outcome.Record.Published
		if outcome.Action == "deny" || outcome.Action == "abort" {
			s.failed, s.content = true, string(outcome.Data)
		}
		return s, nil
	}
	result, outcome, err := tools.Call(ctx, r.Guest, world, t.tool, t.args)
	if s.outcome = outcome; err != nil {
		return s, err
	}
	s.content, s.failed = result.Content, result.IsError
	for _, p := range outcome.Record.Published {
		if p.Topic != tools.ResultTopic(t.tool) {
			s.published = append(s.published, p)
		}
	}
	return s, nil
}

// after puts what messages before the call led to in front of what it did itself.
func (s *seen) after(before []*guest.Outcome) {
	var logs []host.Log
	var published []host.Message
	var strayed []string
	for _, o := range before {
		logs, published = append(logs, o.Record.Logs...), append(published, o.Record.Published...)
		strayed = append(strayed, o.Record.Strayed...)
	}
	s.published = append(published, s.published...)
	if s.outcome != nil {
		s.outcome.Record.Logs = append(logs, s.outcome.Record.Logs...)
		s.outcome.Record.Strayed = append(strayed, s.outcome.Record.Strayed...)
	}
}

// framesShown of a guest's stack: enough to leave the panic's own functions behind.
const framesShown = 8

// stack is where the guest died, and what it said last.
func stack(o *guest.Outcome) string {
	var b strings.Builder
	for _, l := range o.Record.Logs {
		fmt.Fprintf(&b, "  %s: %s\n", l.Level, l.Message)
	}
	if o.Trap != nil {
		for _, frame := range o.Trap.Stack[:min(len(o.Trap.Stack), framesShown)] {
			fmt.Fprintf(&b, "  at %s\n", frame)
		}
		if o.Trap.Unplaced != "" {
			fmt.Fprintf(&b, "  %s\n", o.Trap.Unplaced)
		}
	}
	return b.String()
}

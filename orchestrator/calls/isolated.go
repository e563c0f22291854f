package calls

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/trial"
)

// Isolated is a capsule that the real runtime has loaded, in a private daemon, whose tools can be
// called there. Who made the Trial closes it.
type Isolated struct {
	Manifest *capsule.Manifest

	trial  *trial.Trial
	source string // whose answers count
	loops  bool   // it is a run loop: the runtime tells nothing of its tools
	tools  []tools.Tool
	world  host.Options // for what is secret in it
	wall   time.Duration
}

// describeTakes is how long a run loop has to describe its tools.
const describeTakes = 5 * time.Second

// maxBeside is how many capsules may be beside the one that is called, and the courier: the
// runtime takes so many installs, and more would need another process, where these are not.
const maxBeside = daemon.MaxInstalls - 2

// OpenIsolated installs in t what stands published of the capsule in the folder path, and those of
// o.With before it. Of o count besides Env, EnvFile, which t was begun with too, and Wall. What the runtime
// does not load is a *NotLoaded. A module that is missing or older than its sources is a
// *usage.Error.
func OpenIsolated(ctx context.Context, path string, t *trial.Trial, o Options) (*Isolated, error) {
	if len(o.With) > maxBeside {
		return nil, usage.New(fmt.Errorf("--with: the runtime takes %d capsules beside the one that is called, not %d", maxBeside, len(o.With)))
	}
	var all []*capsule.Manifest
	for _, dir := range append(slices.Clone(o.With), path) {
		_, m, err := Standing(ctx, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	c := &Isolated{Manifest: all[len(all)-1], trial: t}
	c.wall = cmp.Or(o.Wall, c.Manifest.Dev.Smoke.Timeout, guest.DefaultWall)
	var err error
	if c.world, err = o.less(all[:len(all)-1], c.Manifest).world(c.Manifest); err != nil {
		return nil, err
	}
	for _, m := range all {
		answer, err := t.Try(ctx, m, "")
		if err != nil {
			return nil, err
		}
		if !answer.Loaded {
			return nil, &NotLoaded{m, answer.Findings}
		}
		c.tools, c.source, c.loops = toolsOf(answer), answer.Source, answer.Tools == nil
	}
	return c, c.describe(ctx)
}

// less is o without the values that capsules beside the one of m ask for, and that one does not.
func (o Options) less(beside []*capsule.Manifest, m *capsule.Manifest) Options {
	o.Env = maps.Clone(o.Env)
	for _, other := range beside {
		for _, e := range other.Env {
			if !slices.Contains(names(m.Env), e.Name) {
				delete(o.Env, e.Name)
			}
		}
	}
	return o
}

// NotLoaded is a capsule that the runtime does not load.
type NotLoaded struct {
	Manifest *capsule.Manifest
	Findings []finding.Finding // why
}

func (e *NotLoaded) Error() string {
	return fmt.Sprintf("the runtime does not load %s: %s", e.Manifest.Package.Name, e.Findings[0].Message)
}

func toolsOf(answer *daemon.Answer) (list []tools.Tool) {
	for _, t := range answer.Tools {
		list = append(list, tools.Tool{Name: t.Name, Description: t.Description, InputSchema: t.InputSchema})
	}
	return list
}

// describe asks a run loop for its tools: the runtime itself does not.
func (c *Isolated) describe(ctx context.Context) error {
	if !c.loops {
		return nil
	}
	reply, err := c.trial.Ask(ctx, daemon.Question{Topic: tools.DescribeTopic, Payload: json.RawMessage("{}"), Answer: tools.DescribeAnswer, From: c.source, Wait: describeTakes})
	if err != nil || reply.Answer == "" {
		return err
	}
	c.tools, err = tools.ReadTools([]byte(reply.Answer))
	return err
}

// Call calls a tool. A tool that does not exist, and arguments that do not fit, are a
// *usage.Error; what the capsule does wrong is in the Answer.
func (c *Isolated) Call(ctx context.Context, name string, a Arguments) (*Answer, error) {
	arguments, err := a.among(c.tools, name)
	if err != nil {
		return nil, err
	}
	topic, payload, err := tools.Request(name, arguments)
	if err != nil {
		return nil, err
	}
	before, err := c.trial.Logs(ctx, c.Manifest)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	reply, err := c.trial.Ask(ctx, daemon.Question{Topic: topic, Payload: payload, Answer: tools.ResultTopic(name), From: c.source, Receipt: !c.loops, Wait: c.wall})
	if err != nil {
		return nil, err
	}
	answer := &Answer{Tool: name, Isolated: true, Outcome: &guest.Outcome{Millis: float64(time.Since(begun).Microseconds()) / 1000}, secrets: secretsOf(c.world)}
	logged, err := c.trial.Logs(ctx, c.Manifest)
	if err != nil {
		return nil, err
	}
	for _, line := range logged[min(len(before), len(logged)):] {
		answer.Outcome.Record.Logs = append(answer.Outcome.Record.Logs, host.Log{Level: strings.ToLower(line.Level), Message: line.Text})
	}
	return answer, answer.take(name, reply, c.wall)
}

// take is the result in the reply, or why there is none.
func (a *Answer) take(name string, reply *daemon.Reply, wall time.Duration) (err error) {
	switch {
	case reply.Answer != "":
		a.Result, err = tools.ReadResult(name, []byte(reply.Answer))
		err = a.blame(err)
	case reply.Failed != "":
		a.Fault = "the runtime says of it: " + reply.Failed
	case reply.Refused != "":
		a.Fault = "the runtime does not hand it the call: " + reply.Refused
	default:
		a.Fault = fmt.Sprintf("it published no result on %s in %s", tools.ResultTopic(name), wall)
	}
	return err
}

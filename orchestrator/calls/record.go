package calls

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

// betrayed is a secret whose value stands in what was exchanged.
func (c *Capsule) betrayed(r tests.Recorded) string {
	var all strings.Builder
	for _, e := range r.HTTP {
		fmt.Fprintln(&all, e.URL, string(e.Sent), string(e.Body), e.Headers)
	}
	for _, talk := range r.TCP {
		fmt.Fprintln(&all, talk.Address)
		for _, t := range talk.Turns {
			fmt.Fprintln(&all, string(t.Sent)+string(t.Received))
		}
	}
	for _, name := range c.world.Secrets {
		if value := c.world.Config[name]; value != "" && strings.Contains(all.String(), value) {
			return name
		}
	}
	return ""
}

// record writes the call as a test of the capsule. What a secret of [env] is, no file is told.
func (c *Capsule) record(a *Answer, arguments json.RawMessage) error {
	if a.Result == nil {
		return usage.New(errors.New("--record: the call gave no answer, and is not recorded"))
	}
	env := map[string]string{}
	maps.Copy(env, c.options.Env)
	for name, value := range c.options.EnvFile {
		if _, given := env[name]; !given && c.world.Config[name] == value {
			env[name] = value
		}
	}
	for _, secret := range c.world.Secrets {
		if _, given := env[secret]; given {
			return usage.Hint(fmt.Errorf("--record: %s is a secret, and is written into no file", secret), "record a call that needs none, or leave --env out")
		}
	}
	r := tests.Recorded{Tool: a.Tool, Args: arguments, Failed: a.Result.IsError, Env: env, Answers: c.options.Answers, Files: c.world.Files, KV: c.world.State,
		Cwd: c.world.Cwd, Caller: c.options.Caller, Approve: c.options.Approve, Seed: c.options.Seed, Clock: c.options.Clock, HTTP: a.Outcome.Record.Exchanges,
		TCP: a.Outcome.Record.Conversations, Hosts: a.Outcome.Record.Hosts}
	var err error
	if r.With, err = c.withs(); err != nil {
		return usage.New(fmt.Errorf("--record: %w", err))
	}
	if secret := c.betrayed(r); secret != "" {
		return usage.New(fmt.Errorf("--record: the secret %s is in what was exchanged with the network, and is written into no file", secret))
	}
	if a.Outcome.Record.Left > 0 {
		return usage.New(errors.New("--record: the call did more than is kept of one, and is not recorded"))
	}
	if a.Recorded, a.New, err = tests.Record(c.Manifest.Dir, r); err != nil {
		return usage.New(fmt.Errorf("--record: %w", err))
	}
	return nil
}

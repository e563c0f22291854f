package calls

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

// record writes the call as a test of the capsule. What a secret of [env] is, no file is told.
func (c *Capsule) record(a *Answer, arguments json.RawMessage) error {
	if a.Result == nil {
		return usage.New(errors.New("--record: the call gave no answer, and is not recorded"))
	}
	env := maps.Clone(c.options.Env)
	for _, secret := range c.world.Secrets {
		if _, given := env[secret]; given {
			return usage.Hint(fmt.Errorf("--record: %s is a secret, and is written into no file", secret), "record a call that needs none, or leave --env out")
		}
	}
	r := tests.Recorded{Tool: a.Tool, Args: arguments, Failed: a.Result.IsError, Env: env, Answers: c.options.Answers, Files: c.world.Files, KV: c.world.State,
		Cwd: c.world.Cwd, Caller: c.options.Caller, Approve: c.options.Approve, Seed: c.options.Seed, Clock: c.options.Clock}
	var err error
	if a.Recorded, a.New, err = tests.Record(c.Manifest.Dir, r); err != nil {
		return usage.New(fmt.Errorf("--record: %w", err))
	}
	return nil
}

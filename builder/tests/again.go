package tests

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/behaviour"
	"github.com/astrid-runtime/astrid-dev/builder/host"
)

// Earlier is a run before, of which what would be the same is not run again.
type Earlier struct {
	Summary *Summary
	Calls   []behaviour.Call
}

// keyVersion changes when a test may come out otherwise with the same module: the sandbox answers
// otherwise, or an expectation is read otherwise.
const keyVersion = 1

// runKey says what the outcome of t, whose call has this key, hangs on: the module, what is called with what, in
// which world, what is expected, and the release of the runtime. Equal keys have the same outcome. "": that
// cannot be said.
func (r *Runner) runKey(t *Test, call string, world host.Options) string {
	if r.Module == "" || call == "" {
		return ""
	}
	var expected []string
	for _, e := range t.expect {
		expected = append(expected, fmt.Sprintf("%s %q %v", e.kind, e.key[len(e.key)-1], e.want))
	}
	b, err := json.Marshal(map[string]any{"version": keyVersion, "module": r.Module, "runtime": r.Runtime, "call": call, "world": world, "expect": expected})
	if err != nil {
		return ""
	}
	sum := blake3.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// earlier is what came of t before, where it passed and would pass again; nil: it is to be run.
func (r *Runner) earlier(t *Test, call, key string) *Ran {
	if r.Earlier == nil || r.Earlier.Summary == nil || key == "" {
		return nil
	}
	i := slices.IndexFunc(r.Earlier.Summary.Ran, func(old Ran) bool { return old.Key == key && len(old.Missed) == 0 && !old.Late })
	if i < 0 {
		return nil
	}
	j := slices.IndexFunc(r.Earlier.Calls, func(c behaviour.Call) bool { return c.Key == call })
	if j < 0 {
		return nil
	}
	known := r.Earlier.Calls[j]
	known.Name, known.File, known.Line = t.Name, t.File, t.Line
	ran := t.ran()
	ran.Key, ran.Same, ran.Millis, ran.call = key, true, r.Earlier.Summary.Ran[i].Millis, &known
	return &ran
}

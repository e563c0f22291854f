package tests

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/behaviour"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
)

// Calls are what the tests' calls did, in their order. One that did not end in its time, or could not
// be made, is not among them: another run may have it end.
func (s *Summary) Calls() (list []behaviour.Call) {
	for _, r := range s.Ran {
		if r.call != nil && !r.Late {
			list = append(list, *r.call)
		}
	}
	return list
}

// observed is what the call of t, which has this key, did in a world.
func (t *Test) observed(key string, s *seen, fault string, w host.Options) *behaviour.Call {
	if key == "" {
		return nil // a fixture that cannot be read: the test says so
	}
	clock := w.Clock
	if clock == 0 {
		clock = host.StartClock
	}
	c := &behaviour.Call{Key: key, Name: t.Name, Tool: t.tool, File: t.File, Line: t.Line}
	if t.tool == "" {
		c.Tool = t.topic
	}
	a := behaviour.Answered{Content: s.content, Failed: s.failed, Fault: fault, Published: s.published}
	if s.outcome != nil && fault != "" {
		for _, p := range s.outcome.Record.Published {
			if p.Topic != tools.ResultTopic(t.tool) {
				a.Published = append(a.Published, p)
			}
		}
	}
	c.Seen = behaviour.Observe(s.outcome, a, time.UnixMilli(clock).UTC())
	return c
}

// callKey says which call t makes: equal keys have the same call in the same world, but for what the
// manifest says.
func (t *Test) callKey() (string, error) {
	h := blake3.New()
	w := t.world
	b, err := json.Marshal(map[string]any{"tool": t.tool, "topic": t.topic, "args": t.args, "files": w.files, "kv": w.kv, "env": w.env, "answers": w.answers,
		"capabilities": w.capabilities, "caller": w.caller, "approve": w.approve, "seed": w.seed, "clock": w.clock, "with": len(w.with), "around": w.around, "http": w.http, "tcp": w.tcp, "hosts": w.hosts, "messages": w.messages})
	if err != nil {
		return "", err
	}
	_, _ = h.Write(b)
	peers, err := t.peers()
	if err != nil {
		return "", err
	}
	for _, p := range peers { // what they answer is a part of the world
		module, err := os.ReadFile(string(p.Path))
		if err != nil {
			return "", err
		}
		_, _ = h.Write(module)
	}
	if w.cwd != "" {
		err = filepath.WalkDir(w.cwd, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(w.cwd, path)
			name, _ := json.Marshal([]any{filepath.ToSlash(rel), len(data)})
			_, _ = h.Write(name)
			_, _ = h.Write(data)
			return err
		})
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // the guest finds nothing there either
	}
	return hex.EncodeToString(h.Sum(nil)), err
}

// peers are the other capsules on the bus of t.
func (t *Test) peers() (list []guest.Peer, err error) {
	manifests := []*capsule.Manifest{}
	for _, dir := range t.world.with {
		m, err := capsule.Load(dir)
		if err != nil {
			return nil, err
		}
		manifests = append(manifests, m)
	}
	if t.world.around {
		m, err := capsule.Load(t.world.dir)
		if err != nil {
			return nil, err
		}
		manifests = tools.Around(m)
	}
	for _, m := range manifests {
		p, err := tools.Peer(m)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

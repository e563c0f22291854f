package tools

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
)

// World is the world that a manifest asks for: its topics, its capabilities, and the defaults
// of its [env]. Everything else is the caller's to add.
func World(m *capsule.Manifest) host.Options {
	c := m.Capabilities
	o := host.Options{
		Capsule: m.Package.Name,
		Config:  map[string]string{},
		Capabilities: host.Capabilities{
			Uplink: c.Uplink, AllowPersistent: c.AllowPersistent, AllowPromptInjection: c.AllowPromptInjection,
			Net: c.Net, KV: c.KV, FSRead: c.FSRead, FSWrite: c.FSWrite, HostProcess: c.HostProcess,
			NetBind: c.NetBind, NetConnect: c.NetConnect, Identity: c.Identity,
		},
	}
	for _, t := range m.Publish {
		o.Publish = append(o.Publish, t.Pattern)
	}
	for _, t := range m.Subscribe {
		o.Subscribe = append(o.Subscribe, host.Subscription{Pattern: t.Pattern, Handler: t.Handler, Priority: t.Priority})
	}
	for _, e := range m.Env {
		if IsSecret(e) {
			o.Secrets = append(o.Secrets, e.Name)
		}
		if e.Default != nil {
			o.Config[e.Name] = configText(e.Default)
		}
	}
	return o
}

// Peer is a capsule, with the module that stands published, as another one on the bus of a guest. The
// error is a capsule that is not built.
func Peer(m *capsule.Manifest) (guest.Peer, error) {
	if len(m.Components) == 0 {
		return guest.Peer{}, fmt.Errorf("%s has no component", m.Dir)
	}
	path := filepath.Join(m.Dir, filepath.FromSlash(m.Components[0].File))
	if _, err := os.Stat(path); err != nil {
		return guest.Peer{}, fmt.Errorf("%s is not built: %w", m.Package.Name, err)
	}
	return guest.Peer{Name: m.Package.Name, Path: []byte(path), Host: World(m)}, nil
}

// IsSecret reports whether a value of [env] must never be shown.
func IsSecret(e capsule.EnvVar) bool { return strings.EqualFold(e.Type, "secret") }

// configText is a value of [env] as get-config gives it: text as it is, all else as JSON.
func configText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

package contract

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
)

// Contract is what others can see of a capsule. The maps are by name.
type Contract struct {
	Version      string
	Exports      map[string]string          // of the module: kind, and the type where it is known
	Imports      map[string]bool            // of the module: whether the runtime itself provides it
	World        World                      // what is in these interfaces, where the module tells
	Needs        map[string]bool            // interfaces of other capsules, and whether they may be missing
	Publish      map[string]string          // topics, and the type of what is sent
	Subscribe    map[string]string          // likewise
	Tools        map[string]json.RawMessage // with the schemas of their arguments; nil: the module was not asked
	Capabilities map[string][]string        // what is asked of the system
	Settings     map[string]Setting
	Commands     map[string]bool
}

// Setting is a value that a user is asked for.
type Setting struct {
	Type     string
	Required bool // it has no default
}

// Of is the contract in a manifest; the module's part is still empty.
func Of(m *capsule.Manifest) *Contract {
	c := &Contract{Version: m.Package.Version, Exports: map[string]string{}, Imports: map[string]bool{}, Needs: map[string]bool{},
		Publish: topics(m.Publish), Subscribe: topics(m.Subscribe), Capabilities: capabilities(&m.Capabilities), Settings: map[string]Setting{}, Commands: map[string]bool{}}
	for _, i := range m.Imports {
		c.Needs[i.Namespace+":"+i.Name] = i.Optional
	}
	for _, e := range m.Exports {
		c.Exports[e.Namespace+":"+e.Name] = "interface " + major(e.Version)
	}
	for _, e := range m.Env {
		c.Settings[e.Name] = Setting{e.Type, e.Default == nil}
	}
	for _, command := range m.Commands {
		c.Commands[command.Name] = true
	}
	return c
}

// major is the part of a version that says what it is compatible with.
func major(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if parts[0] == "0" && len(parts) > 1 {
		return "0." + parts[1]
	}
	return parts[0]
}

func topics(list []capsule.Topic) map[string]string {
	all := map[string]string{}
	for _, t := range list {
		all[t.Pattern] = t.Wit
	}
	return all
}

func capabilities(c *capsule.Capabilities) map[string][]string {
	all := map[string][]string{}
	for name, list := range map[string][]string{"net": c.Net, "kv": c.KV, "fs_read": c.FSRead, "fs_write": c.FSWrite, "host_process": c.HostProcess,
		"net_bind": c.NetBind, "net_connect": c.NetConnect, "identity": c.Identity} {
		if list != nil {
			all[name] = slices.Sorted(slices.Values(list))
		}
	}
	for name, is := range map[string]bool{"uplink": c.Uplink, "allow_persistent": c.AllowPersistent, "allow_prompt_injection": c.AllowPromptInjection} {
		if is {
			all[name] = []string{fmt.Sprint(is)}
		}
	}
	return all
}

package host

import "strings"

// uplinks is astrid:uplink/host (host/uplink.rs). Nobody has a session here, so that what is
// sent is dropped, as the runtime says it: with false.
type uplinks struct{ *World }

type (
	uplinkProfile string
	uplink        struct{ name, platform string }
)

// maxUplinks is how many one capsule may register (crate astrid-capsule, host_state.rs).
const maxUplinks = 32

func (u uplinks) register(name, platform string, _ uplinkProfile) (string, error) {
	if !u.options.Capabilities.Uplink {
		return "", u.denied("astrid:uplink/host.uplink-register", name, "[capabilities] uplink = true")
	}
	platform = strings.ToLower(strings.TrimSpace(platform))
	if strings.TrimSpace(name) == "" || platform == "" {
		return "", fail("invalid-input")
	}
	if len(u.registered) >= maxUplinks {
		return "", fail("quota")
	}
	for _, other := range u.registered {
		if other == (uplink{name, platform}) {
			return "", fail("invalid-input")
		}
	}
	id := u.uuid()
	u.registered[id] = uplink{name, platform}
	return id, nil
}

func (u uplinks) send(id, user, content string) (bool, error) {
	if !u.options.Capabilities.Uplink {
		return false, u.denied("astrid:uplink/host.uplink-send", user, "[capabilities] uplink = true")
	}
	if !uuidForm.MatchString(id) {
		return false, fail("invalid-input")
	}
	if _, ok := u.registered[strings.ToLower(id)]; !ok {
		return false, fail("unknown-uplink")
	}
	return false, nil
}

func (u uplinks) functions() functions {
	return functions{"uplink-register": u.register, "uplink-send": u.send}
}

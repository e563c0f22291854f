package host

import (
	"slices"
	"time"
)

// sys is astrid:sys/host (host/sys.rs).
type sys struct{ *World }

// Limits of one request (host/sys.rs).
const (
	maxRandom = 4096
	maxSleep  = 60 * time.Second
)

type callerContext struct {
	Principal *string
	SourceID  string `wit:"source-id"`
	Timestamp string
}

type capabilityRequest struct {
	SourceUUID string `wit:"source-uuid"`
	Capability string
}

type capabilityResponse struct{ Allowed bool }

func (s sys) getConfig(key string) (*string, error) {
	value, ok := s.options.Config[key]
	s.hidden = ok && slices.Contains(s.options.Secrets, key)
	if !ok || value == "" && s.hidden {
		return nil, nil // an empty secret is none
	}
	return &value, nil
}

func (s sys) getCaller() (callerContext, error) {
	if s.message == nil {
		return callerContext{}, nil
	}
	c := callerContext{SourceID: s.message.Source, Timestamp: s.stamp()}
	if s.message.Principal != "" {
		c.Principal = &s.message.Principal
	}
	return c, nil
}

func (s sys) log(level, message string) { s.book.log(level, message) }

func (s sys) signalReady() {
	s.book.record.Ready = true
	s.Wait(Signal{Ready: true})
}

func (s sys) clockMs() uint64 { return uint64(s.now()) }

func (s sys) clockMonotonicNs() uint64 {
	s.elapsed += time.Millisecond
	return uint64(s.elapsed)
}

// sleepNs moves the clock, and waits for nobody.
func (s sys) sleepNs(ns uint64) error {
	if ns > uint64(maxSleep) {
		return fail("too-large")
	}
	s.elapsed += time.Duration(ns)
	s.Wait(Signal{Idle: true, For: time.Duration(ns)})
	return nil
}

func (s sys) randomBytes(n uint64) ([]byte, error) {
	if n > maxRandom {
		return nil, fail("too-large")
	}
	b := make([]byte, n)
	_, _ = s.random.Read(b)
	return b, nil
}

// checkCapsuleCapability knows one capsule: this one. Any other identity has nothing.
func (s sys) checkCapsuleCapability(r capabilityRequest) (capabilityResponse, error) {
	return capabilityResponse{r.SourceUUID == CapsuleUUID && s.options.Capabilities.has(r.Capability)}, nil
}

func (s sys) enumerateCapabilities() []string { return s.options.Capabilities.held() }

// CapsuleUUID is the identity that messages of this capsule have as their source.
const CapsuleUUID = "00000000-0000-4000-8000-000000000001"

// held names what is declared, in alphabetical order (crate astrid-capsule-types,
// manifest/capabilities.rs: an empty list is not held).
func (c Capabilities) held() []string {
	names := []string{}
	for _, one := range []struct {
		name string
		held bool
	}{
		{"allow_persistent", c.AllowPersistent}, {"allow_prompt_injection", c.AllowPromptInjection},
		{"fs_read", len(c.FSRead) > 0}, {"fs_write", len(c.FSWrite) > 0}, {"host_process", len(c.HostProcess) > 0},
		{"identity", len(c.Identity) > 0}, {"kv", len(c.KV) > 0}, {"net", len(c.Net) > 0},
		{"net_bind", len(c.NetBind) > 0}, {"net_connect", len(c.NetConnect) > 0}, {"uplink", c.Uplink},
	} {
		if one.held {
			names = append(names, one.name)
		}
	}
	return names
}

func (c Capabilities) has(name string) bool { return slices.Contains(c.held(), name) }

func (s sys) functions() functions {
	return functions{
		"get-config":               s.getConfig,
		"get-caller":               s.getCaller,
		"log":                      func(level logLevel, message string) { s.log(string(level), message) },
		"signal-ready":             s.signalReady,
		"clock-ms":                 s.clockMs,
		"clock-monotonic-ns":       s.clockMonotonicNs,
		"sleep-ns":                 s.sleepNs,
		"random-bytes":             s.randomBytes,
		"check-capsule-capability": s.checkCapsuleCapability,
		"enumerate-capabilities":   s.enumerateCapabilities,
	}
}

// logLevel is the enum of levels.
type logLevel string

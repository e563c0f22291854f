package host

// functions are the Go functions of one interface by name.
type functions map[string]any

// Functions are the Go functions that answer for the host's interfaces, by the interface's name
// with its version, then by the function's. A test holds them against the newest release.
func (w *World) Functions() map[string]map[string]any {
	return map[string]map[string]any{
		"astrid:approval/host@1.0.0":        w.approvalFunctions(),
		"astrid:elicit/host@1.0.0":          w.elicitFunctions(),
		"astrid:fs/host@1.0.0":              files{w}.functions(),
		"astrid:http/host@1.0.0":            web{World: w}.oldFunctions(),
		"astrid:http/host@1.1.0":            web{World: w}.functions(),
		"astrid:identity/host@1.0.0":        identities{w}.functions(),
		"astrid:io/error@1.0.0":             w.errorFunctions(),
		"astrid:io/poll@1.0.0":              w.pollFunctions(),
		"astrid:io/streams@1.0.0":           w.streamFunctions(),
		"astrid:ipc/host@1.0.0":             ipc{w}.functions(),
		"astrid:kv/host@1.0.0":              kv{w}.functions(),
		"astrid:net/host@1.0.0":             network{w}.functions(),
		"astrid:process/host@1.0.0":         processes{w}.oldFunctions(),
		"astrid:process/host@1.1.0":         processes{w}.functions(),
		"astrid:request-context/host@1.0.0": network{w}.contextFunctions(),
		"astrid:sys/host@1.0.0":             sys{w}.functions(),
		"astrid:uplink/host@1.0.0":          uplinks{w}.functions(),
	}
}

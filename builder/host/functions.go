package host

// functions are the Go functions of one interface by name.
type functions map[string]any

// Functions are the Go functions that answer for the host's interfaces, by the interface's name
// with its version, then by the function's.
func (w *World) Functions() map[string]map[string]any {
	return map[string]map[string]any{
		"astrid:sys/host@1.0.0": sys{w}.functions(),
		"astrid:ipc/host@1.0.0": ipc{w}.functions(),
		"astrid:kv/host@1.0.0":  kv{w}.functions(),
	}
}

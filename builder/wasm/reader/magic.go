package reader

import "github.com/astrid-runtime/astrid-dev/watcher/fsys"

// Magic is how every WebAssembly module and component begins.
const Magic = "\x00asm"

// IsWasm reports whether the regular file at path begins as WebAssembly does. The error is
// that of opening it.
func IsWasm(path string) (bool, error) { return fsys.Begins(path, Magic) }

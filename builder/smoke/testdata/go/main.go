// A capsule in Go that works when it is wrapped with a preview 1 adapter: it exports
// nothing that the adapter could call before the Go runtime is ready.
package main

import (
	"encoding/json"
	"fmt"
)

//go:wasmimport astrid:sys/host@1.0.0 clock-ms
func clockMillis() uint64

//go:wasmexport run
func run() {
	text, err := json.Marshal(map[string]any{"clock": clockMillis()})
	fmt.Println(string(text), err)
}

func main() {}

package smoke

import (
	"errors"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// readyWithin is the runtime's limit, in nanoseconds (crate astrid-kernel, lib.rs:
// RUN_LOOP_READY_TIMEOUT).
const readyWithin = 500e6

var (
	errReady   = errors.New("it signalled that it is ready")
	errWaiting = errors.New("it waits without having signalled")
)

// readiness watches the host's functions while run is called.
type readiness struct {
	running bool
	waited  uint64 // nanoseconds
}

// watch is what a call of f means for readiness; nil for most functions.
func (s *readiness) watch(f *reader.HostFunction) func(stack []uint64) {
	iface, _, _ := strings.Cut(f.Module, "@")
	wait := func(ns uint64) {
		if !s.running {
			return
		}
		if s.waited += min(ns, readyWithin); s.waited >= readyWithin {
			panic(errWaiting)
		}
	}
	switch iface + "#" + f.Function {
	case "astrid:sys/host#signal-ready":
		return func([]uint64) {
			if s.running {
				panic(errReady)
			}
		}
	case "astrid:sys/host#sleep-ns":
		return func(stack []uint64) { wait(stack[0]) }
	case "astrid:ipc/host#[method]subscription.recv":
		return func(stack []uint64) { wait(stack[1] * 1e6) } // a timeout in milliseconds
	case "astrid:io/poll#poll", "astrid:io/poll#[method]pollable.block":
		return func([]uint64) { wait(readyWithin) }
	}
	return nil
}

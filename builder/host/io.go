package host

import "github.com/astrid-runtime/astrid-dev/builder/wasm/abi"

// Waiting and streams: astrid:io/error, poll and streams (host/io.rs, host/stubs.rs). In the
// runtime everything that a guest can wait for is ready at once, and the stream halves are
// closed from the beginning; so they are here.

// pollable is ready at once (AlwaysReadyPollable).
type pollable struct{}

// closedInput and closedOutput are streams that are over (ClosedInputStream and ClosedOutputStream).
type (
	closedInput  struct{}
	closedOutput struct{}
	ioError      struct{ text string }
)

// maxPollables is how many one poll takes.
const maxPollables = 256

// made is the number of a resource. Where there is no room any more it is 0, which stands
// for nothing.
func (w *World) made(resource any) abi.Rep {
	rep, _ := w.add(resource)
	return rep
}

func (w *World) alwaysReady() abi.Rep { return w.made(pollable{}) }

func (w *World) poll(list []abi.Rep) ([]uint32, error) {
	switch {
	case len(list) == 0:
		return nil, fail("invalid-input")
	case len(list) > maxPollables:
		return nil, fail("too-large")
	}
	ready := make([]uint32, len(list))
	for i := range ready {
		ready[i] = uint32(i)
	}
	return ready, nil
}

// closedStream is the answer of every stream.
func closedStream() error { return fail("closed") }

func (w *World) pollFunctions() functions {
	return functions{
		"poll":                   w.poll,
		"[method]pollable.ready": func(abi.Rep) bool { return true },
		"[method]pollable.block": func(abi.Rep) error { return nil },
	}
}

func (w *World) errorFunctions() functions {
	return functions{
		"[method]error.to-debug-string": func(self abi.Rep) string {
			if e, ok := get[ioError](w, self); ok {
				return e.text
			}
			return "error resource not found"
		},
	}
}

func (w *World) streamFunctions() functions {
	read := func(abi.Rep, uint64) ([]byte, error) { return nil, closedStream() }
	count := func(abi.Rep, uint64) (uint64, error) { return 0, closedStream() }
	write := func(abi.Rep, []byte) error { return closedStream() }
	zeroes := func(abi.Rep, uint64) error { return closedStream() }
	flush := func(abi.Rep) error { return closedStream() }
	splice := func(abi.Rep, abi.Rep, uint64) (uint64, error) { return 0, closedStream() }
	subscribe := func(abi.Rep) abi.Rep { return w.alwaysReady() }
	return functions{
		"[method]input-stream.read":                             read,
		"[method]input-stream.blocking-read":                    read,
		"[method]input-stream.skip":                             count,
		"[method]input-stream.blocking-skip":                    count,
		"[method]input-stream.subscribe":                        subscribe,
		"[method]output-stream.check-write":                     func(abi.Rep) (uint64, error) { return 0, closedStream() },
		"[method]output-stream.write":                           write,
		"[method]output-stream.blocking-write-and-flush":        write,
		"[method]output-stream.flush":                           flush,
		"[method]output-stream.blocking-flush":                  flush,
		"[method]output-stream.subscribe":                       subscribe,
		"[method]output-stream.write-zeroes":                    zeroes,
		"[method]output-stream.blocking-write-zeroes-and-flush": zeroes,
		"[method]output-stream.splice":                          splice,
		"[method]output-stream.blocking-splice":                 splice,
	}
}

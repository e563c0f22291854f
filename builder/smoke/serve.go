package smoke

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/slim"
)

const childArgument = "__smoke" // hidden first argument of the binary

// Main is the child's side: with args (os.Args without the program) that begin with
// the hidden argument it compiles the reader, is told on standard input what to load, one module
// after another, and writes a report of each to standard output. Every program that calls LoadFile or Prepare calls
// it before anything else and exits with code when handled.
func Main(args []string) (code int, handled bool) {
	return engine.Child(args, childArgument, serve)
}

func serve(in io.Reader, out io.Writer) error {
	_ = loadKnown(context.Background(), []byte(engine.LeastComponent), Options{}, nil, past{}) // makes what every load needs; they tell of what fails
	tasks, reports := json.NewDecoder(in), json.NewEncoder(out)
	used, kept, memory := 0.0, &engine.Kept{}, &slim.Memory{}
	for n := 0; ; n++ {
		var t task
		if err := tasks.Decode(&t); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading the request: %w", err)
		}
		r, err := serveOne(t, kept, memory)
		if err != nil {
			return err
		}
		var all float64
		r.PeakChild, all = engine.Usage()
		r.Times.CPU, used = all-used, all
		if err := reports.Encode(answer{n, r}); err != nil {
			return err
		}
		go engine.Collect() // while nobody waits
	}
}

func serveOne(t task, kept *engine.Kept, memory *slim.Memory) (*Report, error) {
	module, err := engine.ReadModule(string(t.Path))
	if errors.Is(err, engine.ErrTooLarge) {
		r := &Report{}
		r.fail(finding.SmokeSize, err.Error(), "leave out debug information and embedded data")
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	return loadKnown(context.Background(), module, t.Options, engine.ProcessorTime(), past{notesFor(module, t.Options, memory), kept}), nil
}

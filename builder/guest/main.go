package guest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

const childArgument = "__guest" // hidden first argument of the binary

// maxAnswer is how many bytes of a contract function's answer are kept: as much as the
// runtime takes for a payload, ten times.
const maxAnswer = 10 << 20

// Main is the child's side: with args (os.Args without the program) that begin with the hidden
// argument it reads requests on standard input and writes an outcome for each to standard
// output, until there are no more. Every program that calls Start calls it before anything
// else and exits with code when handled.
func Main(args []string) (code int, handled bool) {
	return engine.Child(args, childArgument, serve)
}

func serve(in io.Reader, out io.Writer) error {
	ctx := context.Background()
	requests, answers := json.NewDecoder(in), json.NewEncoder(out)
	var first request
	if err := requests.Decode(&first); err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	if first.Options == nil {
		return errors.New("the first request has no options")
	}
	s, err := load(ctx, string(first.Path), *first.Options)
	if err == nil {
		err = s.meet(ctx, first.Options.Peers)
	}
	if err != nil {
		return answers.Encode(&Outcome{Error: err.Error()})
	}
	if err := answers.Encode(s.guarded(ctx, request{})); err != nil {
		return err
	}
	for {
		var q request
		if err := requests.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading a request: %w", err)
		}
		o := s.guarded(ctx, q)
		o.ID = q.ID
		if err := answers.Encode(o); err != nil {
			return err
		}
	}
}

// guarded is do, with a panic of the engine as an error.
func (s *session) guarded(ctx context.Context, q request) (o *Outcome) {
	defer func() {
		if p := recover(); p != nil {
			o = &Outcome{Error: fmt.Sprintf("the engine broke: %v", p), Stderr: string(debug.Stack())}
			s.guest, s.loop = nil, nil // what is left of them cannot be trusted to end
		}
	}()
	return s.do(ctx, q)
}

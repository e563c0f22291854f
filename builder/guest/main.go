package guest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/slim"
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

// warm makes what every load needs, while nobody waits. A load tells of what fails.
func warm(ctx context.Context) {
	if s, err := loaded(ctx, []byte(engine.LeastComponent), Options{}, slim.Left{}, nil); err == nil {
		s.close()
	}
}

func serve(in io.Reader, out io.Writer) error {
	ctx := context.Background()
	warm(ctx)
	requests, answers := json.NewDecoder(in), json.NewEncoder(out)
	var first request
	if err := requests.Decode(&first); err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	if first.Options == nil {
		return errors.New("the first request has no options")
	}
	var p *player
	module, err := engine.ReadModule(string(first.Path))
	if err == nil {
		p, err = newPlayer(ctx, module, *first.Options, notesFor(*first.Options))
	}
	if err != nil {
		return answers.Encode(&Outcome{Error: err.Error()})
	}
	if err := answers.Encode(p.do(ctx, request{})); err != nil {
		return err
	}
	for {
		var q request
		if err := requests.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading a request: %w", err)
		}
		o := p.do(ctx, q)
		o.ID = q.ID
		if err := answers.Encode(o); err != nil {
			return err
		}
	}
}

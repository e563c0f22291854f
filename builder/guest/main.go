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
	if s, err := loaded(ctx, []byte(engine.LeastComponent), Options{}, slim.Left{}, nil, nil); err == nil {
		s.close()
	}
}

func serve(in io.Reader, out io.Writer) error {
	ctx := context.Background()
	warm(ctx)
	requests, answers := json.NewDecoder(in), json.NewEncoder(out)
	c := &child{}
	for {
		var q request
		if err := requests.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading a request: %w", err)
		}
		if q.Rest {
			c.rest()
			continue
		}
		o, err := c.do(ctx, q)
		if err != nil {
			return err
		}
		o.ID, o.Worn = q.ID, c.worn()
		if err := answers.Encode(o); err != nil {
			return err
		}
	}
}

// child is what a child has: one module at a time.
type child struct {
	player *player // nil: it rests, or could not load what it was told to
	limits Limits
	kept   engine.Kept
	memory slim.Memory
}

// do carries out a request, which may be to load another module. The error is a request that nobody should make.
func (c *child) do(ctx context.Context, q request) (*Outcome, error) {
	if q.Options != nil {
		c.rest()
		if err := c.load(ctx, q); err != nil {
			return &Outcome{Error: err.Error()}, nil
		}
		q = request{}
	}
	if c.player == nil {
		return nil, errors.New("a request comes before there is a module")
	}
	return c.player.do(ctx, q), nil
}

func (c *child) load(ctx context.Context, q request) error {
	module, err := engine.ReadModule(string(q.Path))
	if err != nil {
		return err
	}
	c.limits = q.Options.Limits.withDefaults()
	c.player, err = newPlayer(ctx, module, *q.Options, notesFor(*q.Options, &c.memory), &c.kept)
	return err
}

// rest frees the module, while nobody waits.
func (c *child) rest() {
	if c.player != nil {
		c.player.close()
		c.player = nil
		engine.Collect()
	}
}

// worn reports whether the child should load nothing more.
func (c *child) worn() bool {
	peak, used := engine.Usage()
	return engine.Worn(peak, used, c.limits.CPUSeconds)
}

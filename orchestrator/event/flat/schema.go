package flat

import (
	"bytes"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// schema is compiled once a process.
var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(event.Schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("events.json", document); err != nil {
		return nil, err
	}
	return c.Compile("events.json")
})

// Follows says in what a line differs from the schema of the wire format.
func Follows(line []byte) error {
	s, err := schema()
	if err != nil {
		return err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		return err
	}
	return s.Validate(document)
}

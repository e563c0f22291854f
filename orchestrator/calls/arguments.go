package calls

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

// Arguments are those of one call: JSON, or words such as limit=3.
type Arguments struct {
	JSON  json.RawMessage // nil: Words
	Words []string
}

// forTool is a JSON object that fits the tool's schema.
func (a Arguments) forTool(t tools.Tool) (json.RawMessage, error) {
	schema, err := tools.ParseSchema(t.InputSchema)
	if err != nil {
		return nil, fmt.Errorf("the input schema of %s is no JSON Schema: %w", t.Name, err)
	}
	arguments := a.JSON
	if arguments == nil {
		arguments, err = schema.Arguments(a.Words)
	}
	if err == nil {
		err = schema.Check(arguments)
	}
	var wrong *tools.ArgumentError
	if errors.As(err, &wrong) {
		return nil, usage.Hint(fmt.Errorf("the arguments do not fit %s: %w", t.Name, err), known("it takes ", schema.Names()))
	}
	return arguments, err
}

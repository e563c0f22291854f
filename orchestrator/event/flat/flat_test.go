package flat

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every line of the wire format is read whole, and written again with the same fields; in
// which order they come means nothing.
func TestFlatIsTheWireFormat(t *testing.T) {
	golden, err := os.ReadFile("../testdata/wire.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(golden) {
		fields := json.NewDecoder(bytes.NewReader(line))
		fields.DisallowUnknownFields()
		var e Event
		if err := fields.Decode(&e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		again, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fieldsOf(t, line), fieldsOf(t, again)); diff != "" {
			t.Error(diff)
		}
	}
}

func fieldsOf(t *testing.T, line []byte) (fields map[string]any) {
	t.Helper()
	if err := json.Unmarshal(line, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

package flat

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every line of the wire format is read whole, and written again as it was.
func TestFlatIsTheWireFormat(t *testing.T) {
	want, err := os.ReadFile("../testdata/wire.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	want = bytes.ReplaceAll(want, []byte(`\ufffd`), []byte("\ufffd")) // what was no UTF-8 is a character once it was read
	var got bytes.Buffer
	lines := json.NewDecoder(bytes.NewReader(want))
	lines.DisallowUnknownFields()
	for lines.More() {
		var e Event
		if err := lines.Decode(&e); err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(&got).Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}

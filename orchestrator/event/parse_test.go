package event

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is written is read again as it was, whatever its kind.
func TestParse(t *testing.T) {
	for _, e := range wire() {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		read, err := Parse(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		line = bytes.ReplaceAll(line, []byte(`\ufffd`), []byte("\ufffd")) // what was no UTF-8 is a character once it was read
		again, err := json.Marshal(read)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(line), string(again)); diff != "" {
			t.Error(diff)
		}
	}
	for _, line := range []string{`{`, `{"v":1,"type":"news"}`, `{"v":2,"type":"ready"}`, `{"v":1,"type":"ready","capsules":"x"}`} {
		if e, err := Parse([]byte(line)); err == nil {
			t.Errorf("%s is %+v", line, e)
		}
	}
}

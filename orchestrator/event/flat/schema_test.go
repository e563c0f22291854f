package flat

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// full are the lines of the golden file that have every field of their kind; after each comes
// the same kind with nothing to say.
func full(t *testing.T) (lines [][]byte) {
	t.Helper()
	text, err := os.ReadFile("../testdata/wire.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		if i%2 == 0 {
			lines = append(lines, bytes.ReplaceAll(line, []byte(`,{"id":"second","artifact":"","blob":"","artifact_hash":"","size":0,"kind":""}`), nil))
		}
	}
	return lines
}

// Every full event is what the schema says, and the schema says nothing that no event has.
func TestSchema(t *testing.T) {
	seen := map[string]map[string]bool{}
	for _, line := range full(t) {
		if err := Follows(line); err != nil {
			t.Errorf("%s\n%v", line, err)
		}
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatal(err)
		}
		kind, _ := fields["type"].(string)
		seen[kind] = map[string]bool{}
		for name := range fields {
			seen[kind][name] = true
		}
	}
	var file struct {
		Defs map[string]struct {
			Properties map[string]json.RawMessage
		} `json:"$defs"`
		OneOf []map[string]string
	}
	if err := json.Unmarshal(event.Schema, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.OneOf) != len(seen) {
		t.Errorf("%d kinds in the schema, %d in the wire format", len(file.OneOf), len(seen))
	}
	for _, ref := range file.OneOf {
		kind := strings.TrimPrefix(ref["$ref"], "#/$defs/")
		for name := range file.Defs[kind].Properties {
			if !seen[kind][name] && (kind != "warning" || name != "capsule" && name != "dir") {
				t.Errorf("the schema has %s in %s, and no event has", name, kind)
			}
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	for _, line := range []string{
		`{}`,
		`{"v":1,"seq":1,"time":"2026-01-02T03:04:05Z","type":"news"}`,
		`{"v":2,"seq":1,"time":"2026-01-02T03:04:05Z","type":"ready"}`,
		`{"v":1,"seq":1,"time":"yesterday","type":"ready"}`,
		`{"v":1,"seq":1,"time":"2026-01-02T03:04:05Z","type":"ready","colour":"red"}`,
		`{"v":1,"seq":1,"time":"2026-01-02T03:04:05Z","type":"change","dir":"/a","source_hash":"` + hash + `"}`,
		`{"v":1,"seq":1,"time":"2026-01-02T03:04:05Z","type":"change","dir":"/a","source_hash":"short","key":"` + hash + `"}`,
	} {
		if Follows([]byte(line)) == nil {
			t.Errorf("it takes %s", line)
		}
	}
}

// The page that describes the format shows every kind, in lines that are as it says.
func TestSamplesInTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, `{"v":`) {
			continue
		}
		if err := Follows([]byte(line)); err != nil {
			t.Errorf("%s\n%v", line, err)
		}
		var e struct{ Type string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		shown[e.Type] = true
	}
	for _, line := range full(t) {
		var e struct{ Type string }
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if !shown[e.Type] {
			t.Errorf("docs/events.md shows no %s", e.Type)
		}
	}
}

package report

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// The schemas are compiled once a process: the SARIF one takes longer than a fuzz case.
var (
	jsonSchema  = sync.OnceValues(func() (*jsonschema.Schema, error) { return compileFile(SchemaID, "schema.json") })
	sarifSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
		return compileFile("sarif.json", "testdata/sarif-2.1.0.schema.json")
	})
)

func compileFile(url, path string) (*jsonschema.Schema, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return compile(url, text)
}

func compile(url string, text []byte) (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	// A name of our own: the SARIF schema's "id" would make it another document.
	if m, ok := document.(map[string]any); ok && m["id"] != nil {
		delete(m, "id")
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(url, document); err != nil {
		return nil, err
	}
	return c.Compile(url)
}

func follows(t testing.TB, load func() (*jsonschema.Schema, error), text string) error {
	t.Helper()
	s, err := load()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(document)
}

func TestJSONFollowsItsSchema(t *testing.T) {
	for _, r := range []Report{sample(), sample().WithoutTimes(), {}, {Capsules: []Capsule{{}}}} {
		if err := follows(t, jsonSchema, written(t, JSON, r)); err != nil {
			t.Error(err)
		}
	}
}

// The schema knows every field and refuses every other: a field that is taken out,
// renamed or added without the schema is noticed.
func TestSchemaIsExact(t *testing.T) {
	var document any
	if err := json.Unmarshal([]byte(written(t, JSON, sample())), &document); err != nil {
		t.Fatal(err)
	}
	s, err := jsonSchema()
	if err != nil {
		t.Fatal(err)
	}
	optional := map[string]bool{"started": true, "changed_since": true, "shard": true, "reason": true, "source_hash": true,
		"tail": true, "code": true, "file": true, "line": true, "column": true, "hint": true}
	objects := 0
	var visit func(v any)
	visit = func(v any) {
		if list, ok := v.([]any); ok {
			for _, e := range list {
				visit(e)
			}
		}
		m, ok := v.(map[string]any)
		if !ok {
			return
		}
		objects++
		m["surprise"] = 1
		if s.Validate(document) == nil {
			t.Errorf("an unknown field passes in %v", m)
		}
		delete(m, "surprise")
		for key, value := range m {
			delete(m, key)
			if passes := s.Validate(document) == nil; passes != optional[key] {
				t.Errorf("without %q: passes is %v", key, passes)
			}
			m[key] = value
			visit(value)
		}
	}
	visit(document)
	if objects < 20 {
		t.Errorf("only %d objects were seen", objects)
	}
}

func TestSARIFFollowsTheStandard(t *testing.T) {
	for _, r := range []Report{sample(), sample().WithoutTimes(), {}} {
		if err := follows(t, sarifSchema, written(t, SARIF, r)); err != nil {
			t.Error(err)
		}
	}
	if follows(t, sarifSchema, `{"version":"2.1.0","runs":[{"tool":{"driver":{}},"results":[]}]}`) == nil {
		t.Error("the schema takes a driver without a name")
	}
}

func TestJUnitFollowsItsSchema(t *testing.T) {
	for _, r := range []Report{sample(), sample().WithoutTimes(), {}, {Capsules: []Capsule{{}}}} {
		if err := xmllint(t, written(t, JUnit, r)); err != "" {
			t.Error(err)
		}
	}
	if xmllint(t, `<testsuites name="x" tests="1" failures="0" errors="0" time="1"/>`) == "" {
		t.Error("the schema takes a time without decimals")
	}
}

// xmllint is what the program of this name says against text, "" for nothing.
func xmllint(t testing.TB, text string) string {
	t.Helper()
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		testkit.Skip(t, "xmllint is not installed (Debian: libxml2-utils), so JUnit is not checked against its schema")
	}
	cmd := exec.Command(tool, "--noout", "--huge", "--schema", "testdata/junit.xsd", "-")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		return string(out)
	}
	return ""
}

package calls

import (
	"bytes"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

// A secret is in no output, wherever a guest puts it.
func TestSecretsAreHidden(t *testing.T) {
	const secret = `pass"word\`
	a := &Answer{Tool: "t", Fault: "it said " + secret, secrets: []string{secret, "pass", "abc"}, Recorded: secret,
		Result: &tools.Result{Content: `{"a":"pass\"word\\","b":"abc"}`, IsError: true},
		Outcome: &guest.Outcome{Trap: &engine.Trap{Message: secret, Stack: []string{secret}}, Record: host.Record{
			Logs:      []host.Log{{Level: "info", Message: "x" + secret}},
			Published: []host.Message{{Topic: "t", Payload: []byte(`{"p":"pass\"word\\"}`)}},
			Files:     []host.File{{Path: "cwd://a", Data: []byte("in the middle " + secret + " of it")}},
			Calls:     []host.Call{{Function: "f", Args: []byte(`{"x":"pass\"word\\"}`), Answer: []byte(`"pass\"word\\"`)}},
			Lacked:    []host.Lack{{Function: "f", What: secret, Needs: "n"}},
		}, Peers: []guest.Heard{{Name: "p", Error: secret, Record: host.Record{Logs: []host.Log{{Level: "info", Message: secret}}}}}}}
	var result, story, json bytes.Buffer
	if err := a.Text(&result, &story, true); err != nil {
		t.Fatal(err)
	}
	if err := a.JSON(&json); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"result": result.String(), "story": story.String(), "json": json.String(), "words": a.Explain()} {
		if strings.Contains(text, "word") || strings.Contains(text, "cGFzcyJ3b3JkXA") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if !strings.Contains(result.String(), `"b": "abc"`) || !strings.Contains(story.String(), "info: x(a secret)") {
		t.Errorf("too much is hidden:\n%s%s", result.String(), story.String())
	}
	if got := string(a.Outcome.Record.Files[0].Data); !strings.Contains(got, secret) {
		t.Errorf("what --write writes is %q", got)
	}
}

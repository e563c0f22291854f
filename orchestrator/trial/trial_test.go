package trial

import (
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// What the sandbox said is compared with an answer only where the runtime gave one.
func TestCompare(t *testing.T) {
	refused := []finding.Finding{{Code: finding.IsolatedRefused}}
	missing := []finding.Finding{{Code: finding.IsolatedValue}}
	for what, c := range map[string]struct {
		answer daemon.Answer
		ready  bool
		want   string
	}{
		"both take it":        {daemon.Answer{Loaded: true}, true, ""},
		"both refuse it":      {daemon.Answer{Findings: refused}, false, ""},
		"it was not asked":    {daemon.Answer{Findings: missing}, true, ""},
		"the runtime refuses": {daemon.Answer{Findings: refused}, true, "does not load it"},
		"the sandbox refuses": {daemon.Answer{Loaded: true}, false, "the runtime loads it"},
	} {
		Compare(&c.answer, c.ready)
		got := ""
		for _, f := range c.answer.Findings {
			if f.Code == finding.IsolatedDiffers {
				got = f.Message
			}
		}
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", what, got)
		}
	}
}

func TestNobodyAsked(t *testing.T) {
	var none *Trial
	none.Close()
	if none.Findings() != nil {
		t.Error("a step for nobody")
	}
}

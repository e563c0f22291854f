package smoke

import (
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

type judgement struct {
	report   *Report
	declared *Declared // may be nil
	release  *astrid.Release
	reading  *reader.Reading // may be nil
	findings []finding.Finding
}

func (k *judgement) add(s finding.Severity, code finding.Code, message, hint string) {
	k.findings = append(k.findings, finding.Finding{Code: code, Severity: s, Message: message, Hint: hint})
}

// plan is the component's; nil for a core module, and for what is not valid.
func (k *judgement) plan() *reader.Plan {
	if k.reading == nil || k.report.Kind != KindComponent {
		return nil
	}
	return k.reading.Plan
}

// needsHost reports whether somebody has to provide an instance: one of types only is satisfied by nobody.
func needsHost(i reader.Item) bool {
	return slices.ContainsFunc(i.Items, func(x reader.Item) bool {
		return x.Kind == "instance" && needsHost(x) || x.Kind != "instance" && x.Kind != "type"
	})
}

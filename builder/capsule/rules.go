package capsule

import "github.com/astrid-runtime/astrid-dev/builder/finding"

// newFinding is a finding of that code with its usual severity.
func newFinding(code finding.Code, file string, line, column int) finding.Finding {
	rule, _ := code.Rule()
	return finding.Finding{Code: code, Severity: rule.Severity, File: file, Line: line, Column: column}
}

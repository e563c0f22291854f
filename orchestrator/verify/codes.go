package verify

import (
	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// CheckFindings is what a check found, a manifest that cannot be read being a finding too.
func CheckFindings(r check.Result) []finding.Finding {
	if r.Err == nil {
		return r.Findings
	}
	return append([]finding.Finding{{Code: finding.ManifestUnreadable, File: tree.ManifestName, Message: r.Err.Error(), Hint: "make the file readable"}}, r.Findings...)
}

package verify

import (
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// The codes of findings that only verify gives. They are stable.
const (
	CodeUnreadable   = "manifest-unreadable"
	CodeFixFailed    = "fix-failed"
	CodeClosed       = "unreadable-folder"
	codeSource       = "source-unreadable"
	codeMutated      = "build-changes-input"
	codeTouched      = "build-touches-input"
	codeDiffers      = "not-reproducible"
	codeSecondFailed = "second-build-failed"
	codeCommitted    = "committed-module-differs"
	codeDeclared     = "declared-hash-differs"
)

// Codes describes the findings that verify gives beside those of check, of the
// build's tools and of the smoke load. The caller owns the slice.
func Codes() []check.Code {
	return []check.Code{
		{Code: CodeUnreadable, Severity: finding.Error, Summary: "the manifest cannot be read", Remedy: "make the file readable"},
		{Code: CodeFixFailed, Severity: finding.Error, Summary: "check --fix could not write a file", Remedy: "make the file writable, or mend it by hand"},
		{Code: CodeClosed, Severity: finding.Error, Summary: "a folder cannot be read, so that capsules in it are not seen", Remedy: "make the folder readable"},
		{Code: "input-matches-nothing", Severity: finding.Warning, Summary: "a pattern in inputs stands for no file", Remedy: "correct the path, which is relative to the capsule's folder, or take it out"},
		{Code: codeSource, Severity: finding.Error, Summary: "a source cannot be read", Remedy: "make the file readable, or leave it out with ignore in [package.metadata.astrid-dev]"},
		{Code: codeMutated, Severity: finding.Error, Summary: "the build changes, makes or removes a file that it is built from", Remedy: "commit what the build makes there, write it elsewhere, or name it in ignore in [package.metadata.astrid-dev]"},
		{Code: codeTouched, Severity: finding.Note, Summary: "the build writes a source again with the same bytes", Remedy: "write only when something changes: watch builds such a capsule once more"},
		{Code: codeDiffers, Severity: finding.Error, Summary: "two builds of the same sources give different bytes", Remedy: "take out what differs: the finding says where it lies"},
		{Code: codeSecondFailed, Severity: finding.Error, Summary: "the same sources built once and failed in another folder", Remedy: "let the build depend on nothing but its sources"},
		{Code: codeCommitted, Severity: finding.Error, Summary: "the module beside the manifest is not what the sources build", Remedy: "run astrid-dev build and commit the module"},
		{Code: codeDeclared, Severity: finding.Error, Summary: "the hash that the manifest declares is not that of the module", Remedy: "write the hash that the finding shows"},
	}
}

// CheckFindings is what a check found, a manifest that cannot be read being a finding too.
func CheckFindings(r check.Result) []finding.Finding {
	if r.Err == nil {
		return r.Findings
	}
	return append([]finding.Finding{{Code: CodeUnreadable, File: capsule.ManifestName, Message: r.Err.Error(), Hint: "make the file readable"}}, r.Findings...)
}

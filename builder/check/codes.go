package check

import (
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// Code describes one kind of finding, for `check --list` and the README.
type Code struct {
	Code     string           `json:"code"`
	Severity finding.Severity `json:"severity"`
	Summary  string           `json:"summary"` // one sentence, lower case, no full stop
	Remedy   string           `json:"remedy"`
	Fixable  bool             `json:"fixable"` // Fix can mend it, if not in every case
}

const (
	codeInertTable      = "inert-table"
	codeInertCapability = "inert-capability"
	codeUnknownKey      = "unknown-key"
	codeElsewhere       = "settings-elsewhere"
	codeNameTwice       = "package-name-twice"
	codeVersionDiffers  = "version-differs"
	codeToolResult      = "tool-result-publish"
	codeToolDescribe    = "tool-describe-publish"
	codeToolRequest     = "tool-describe-subscribe"
	codeFileEscapes     = "component-file-escapes"
	codeFileTaken       = "component-file-taken"
	codeFileName        = "component-file-name"
	codeMissingFile     = "missing-file"
	codeNoCdylib        = "rust-no-cdylib"
	codeNoTarget        = "rust-no-wasm-target"
	codeWasiTarget      = "rust-target-wasi"
	codeToolchainTarget = "rust-toolchain-target"
	codeRandom          = "rust-getrandom-cfg"
)

var codes = []Code{
	{codeInertTable, finding.Warning, "a table from an older manifest format, which the runtime ignores", "write the line that the hint shows under [publish] or [subscribe], and remove the table", false},
	{codeInertCapability, finding.Warning, "ipc_publish or ipc_subscribe in [capabilities], which the runtime ignores", "write the topics as keys of [publish] or [subscribe]", false},
	{codeUnknownKey, finding.Note, "a key that the runtime ignores and that looks like one it knows", "correct the spelling", false},
	{codeElsewhere, finding.Warning, "settings for astrid-dev stand where nobody reads them", "write them under [package.metadata.astrid-dev]", false},
	{codeNameTwice, finding.Error, "two capsules have the same name; the runtime loads one of them", "give each capsule a name of its own", false},
	{codeVersionDiffers, finding.Warning, "the version differs from that in Cargo.toml or package.json", "write the same version in both", false},
	{codeToolResult, finding.Warning, "a tool's handler may not publish its results", "add the line that the hint shows to [publish]", true},
	{codeToolDescribe, finding.Warning, "a capsule with tools may not answer when it is asked to describe them", "add the line that the hint shows to [publish]", true},
	{codeToolRequest, finding.Warning, "a capsule with tools does not hear when it is asked to describe them", "add the line that the hint shows to [subscribe]", true},
	{codeFileTaken, finding.Error, "what stands at a component's file is no module, so that nothing is published there", "correct file, or remove what stands there", false},
	{codeFileEscapes, finding.Error, "a component's file leads out of the capsule through a symbolic link", "remove the link", false},
	{codeFileName, finding.Warning, "a component's file is not what cargo makes of this crate", "write the name that the hint shows", false},
	{codeMissingFile, finding.Warning, "a file that the manifest names does not exist", "create it, or correct the path", false},
	{codeNoCdylib, finding.Error, "the crate makes neither a module nor a program", `write crate-type = ["cdylib"] under [lib] in Cargo.toml`, false},
	{codeNoTarget, finding.Error, "no WebAssembly target is set: cargo would build for this machine", "write the lines that the hint shows into .cargo/config.toml", true},
	{codeWasiTarget, finding.Warning, "the target needs WASI, which the kernel does not offer", `write target = "wasm32-unknown-unknown"`, false},
	{codeToolchainTarget, finding.Warning, "rust-toolchain.toml does not install the target that is built", "add the target to targets", true},
	{codeRandom, finding.Warning, "getrandom does not compile for wasm32-unknown-unknown without its cfg", "add the flag that the hint shows to rustflags", true},
}

// fixedByManifest are the codes of builder/capsule that Fix can mend.
var fixedByManifest = map[string]bool{"package-version": true, "topic-inert-key": true, "manifest-wrong-type": true}

// Codes lists every kind of finding that Check and CheckAll give: those of
// the manifest first, then ours. The caller owns the slice.
func Codes() []Code {
	var list []Code
	for _, r := range capsule.Rules() {
		list = append(list, Code{r.Code, r.Severity, r.Summary, r.Remedy, fixedByManifest[r.Code]})
	}
	return append(append(list, codes...), runtimeCodes...)
}

package capsule

import "github.com/astrid-runtime/astrid-dev/builder/finding"

// Rule describes one kind of finding.
type Rule struct {
	Code     string           `json:"code"`
	Severity finding.Severity `json:"severity"`
	Summary  string           `json:"summary"` // one sentence, lower case, no full stop
	Remedy   string           `json:"remedy"`  // what to do about it in general
}

// The codes of this package. They are printed, filtered on and linked to:
// a code is never renamed.
const (
	codeSyntax     = "manifest-syntax"
	codeEncoding   = "manifest-encoding"
	codeTooLarge   = "manifest-too-large"
	codeTooDeep    = "manifest-too-deep"
	codeWrongType  = "manifest-wrong-type"
	codeMissingKey = "manifest-missing-key"

	codePackageName   = "package-name"
	codeVersion       = "package-version"
	codeAstridVersion = "package-astrid-version"

	codeFile       = "component-file"
	codeFileTwice  = "component-file-twice"
	codeIDTwice    = "component-id-twice"
	codeInterface  = "interface-name"
	codeIfaceVer   = "interface-version"
	codeUplinkImps = "uplink-imports"
	codeUplinkProf = "uplink-profile"

	codeTopicPattern  = "topic-pattern"
	codeTopicPins     = "topic-pins"
	codeTopicPriority = "topic-priority"

	codeCommandKind = "command-kind"
	codeCommandName = "command-name"

	codeUnknownSetting = "settings-unknown-key"
	codeSetting        = "settings-value"
	codeOutput         = "settings-output"

	codeComponentType = "component-type"
	codeComponentLink = "component-link"
	codeHash          = "component-hash"
	codeEnvType       = "env-type"
	codeEnvName       = "env-name"
	codeEnvChoices    = "env-choices"
	codeTopicInert    = "topic-inert-key"
	codeToolTwice     = "tool-twice"
	codeCommandTwice  = "command-twice"
	codeIdentity      = "capability-identity"
	codeNetConnect    = "capability-net-connect"
)

var rules = []Rule{
	{codeSyntax, finding.Error, "the manifest is not TOML", "mend the syntax at the place named"},
	{codeEncoding, finding.Error, "the manifest is not UTF-8 text", "save it again as UTF-8"},
	{codeTooLarge, finding.Error, "the manifest is larger than 1 MiB", "check that it is the right file"},
	{codeTooDeep, finding.Error, "the manifest nests deeper than any manifest can", "check that it is the right file"},
	{codeWrongType, finding.Error, "a value has the wrong type", "write the value as the hint shows"},
	{codeMissingKey, finding.Error, "a key that the runtime requires is missing", "add the line that the hint shows"},
	{codePackageName, finding.Error, "the capsule's name is not one the runtime takes", "use lower-case letters, digits and dashes only"},
	{codeVersion, finding.Error, "the version is not strict semver", `write three numbers: version = "1.0.0"`},
	{codeAstridVersion, finding.Error, "astrid-version is not a version requirement", `write a requirement: astrid-version = ">=0.7.0"`},
	{codeFile, finding.Error, "a component's file is not a path below the capsule", "name a file below the capsule's folder, with / between folders"},
	{codeFileTwice, finding.Error, "two components are published at the same file", "give each component a file of its own"},
	{codeIDTwice, finding.Error, "two components have the same id", "give each component an id of its own"},
	{codeInterface, finding.Error, "an interface's namespace or name is not one the runtime takes", "begin with a lower-case letter, go on with lower-case letters, digits and dashes"},
	{codeIfaceVer, finding.Error, "an interface's version is not what the runtime takes", `imports take a requirement ("^1.0"), exports an exact version ("1.0.0")`},
	{codeUplinkImps, finding.Error, "an uplink capsule has imports; uplinks load before what they would import", "remove [imports], or uplink = true from [capabilities]"},
	{codeUplinkProf, finding.Error, "an uplink's profile is not one the runtime knows", `write one of "chat", "interactive", "notify", "bridge"`},
	{codeTopicPattern, finding.Error, "a topic pattern has an empty segment", "remove the dot at the end or the beginning, or one of two dots in a row"},
	{codeTopicPins, finding.Error, "a topic names more than one of version, tag, rev, branch and path", "keep one of them"},
	{codeTopicPriority, finding.Error, "a subscription's priority has no handler to order, or is out of range", "add handler, or remove priority"},
	{codeCommandKind, finding.Error, "a command's kind is neither slash nor cli", `write kind = "slash" or kind = "cli"`},
	{codeCommandName, finding.Error, "a cli command's name is not one the runtime takes", "1 to 32 lower-case letters, digits and dashes, and not a word that the runtime uses itself"},
	{codeUnknownSetting, finding.Error, "[package.metadata.astrid-dev] has a key that does not exist", "correct the spelling"},
	{codeSetting, finding.Error, "a value in [package.metadata.astrid-dev] makes no sense", "write the value as the hint shows"},
	{codeOutput, finding.Error, "output is not a path of its own below the capsule", "name a path below the capsule that differs from the component's file"},
	{codeComponentType, finding.Warning, "a component's type is neither executable nor library", `write type = "executable" or type = "library"`},
	{codeComponentLink, finding.Warning, "a component links to an id that no component has", "correct the id, or add the component"},
	{codeHash, finding.Warning, "a declared hash is not a BLAKE3 hash", "write 64 hex digits as b3sum prints them, or remove the line"},
	{codeEnvType, finding.Warning, "the type of a variable is not one the runtime asks for in its own way", `write one of "text", "secret", "select", "array"`},
	{codeEnvName, finding.Warning, "a variable's name cannot be set in an environment", "use letters, digits and underscores, not a digit first"},
	{codeEnvChoices, finding.Warning, "a select has nothing to choose from, or a default that is no choice", "add enum_values or options_from"},
	{codeTopicInert, finding.Warning, "a key has no effect on this side: fanout is for [publish], handler and priority are for [subscribe]", "remove it, or move the entry"},
	{codeToolTwice, finding.Warning, "two tools have the same name", "give each tool a name of its own"},
	{codeCommandTwice, finding.Warning, "two commands have the same name", "give each command a name of its own"},
	{codeIdentity, finding.Warning, "an identity capability is not one the runtime knows", `write one of "resolve", "link", "admin"`},
	{codeNetConnect, finding.Warning, "a net_connect entry is not host:port and matches nothing", `write host and port, either may be *: "example.org:443"`},
}

// Rules lists every kind of finding that Parse and Doubts give, in the order
// of the documentation. The caller owns the slice.
func Rules() []Rule { return append([]Rule(nil), rules...) }

// newFinding is a finding of that code with its severity from the table.
func newFinding(code, file string, line, column int) finding.Finding {
	for _, r := range rules {
		if r.Code == code {
			return finding.Finding{Code: code, Severity: r.Severity, File: file, Line: line, Column: column}
		}
	}
	return finding.Finding{Code: code, File: file, Line: line, Column: column}
}

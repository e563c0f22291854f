package finding

// The codes, by the part of the program that gives them first. They are printed, filtered on and
// linked to: a code is never renamed without its old name in the table.
const (
	// Of the manifest.
	ManifestSyntax       Code = "manifest-syntax"
	ManifestEncoding     Code = "manifest-encoding"
	ManifestTooLarge     Code = "manifest-too-large"
	ManifestTooDeep      Code = "manifest-too-deep"
	ManifestWrongType    Code = "manifest-wrong-type"
	ManifestMissingKey   Code = "manifest-missing-key"
	PackageName          Code = "package-name"
	PackageVersion       Code = "package-version"
	PackageAstridVersion Code = "package-astrid-version"
	ComponentFile        Code = "component-file"
	ComponentFileTwice   Code = "component-file-twice"
	ComponentIDTwice     Code = "component-id-twice"
	InterfaceName        Code = "interface-name"
	InterfaceVersion     Code = "interface-version"
	UplinkImports        Code = "uplink-imports"
	UplinkProfile        Code = "uplink-profile"
	TopicPattern         Code = "topic-pattern"
	TopicPins            Code = "topic-pins"
	TopicPriority        Code = "topic-priority"
	CommandKind          Code = "command-kind"
	CommandName          Code = "command-name"
	SettingsUnknownKey   Code = "settings-unknown-key"
	SettingsValue        Code = "settings-value"
	SettingsOutput       Code = "settings-output"
	ComponentType        Code = "component-type"
	ComponentLink        Code = "component-link"
	ComponentHash        Code = "component-hash"
	EnvType              Code = "env-type"
	EnvName              Code = "env-name"
	EnvChoices           Code = "env-choices"
	TopicInertKey        Code = "topic-inert-key"
	ToolTwice            Code = "tool-twice"
	CommandTwice         Code = "command-twice"
	CapabilityIdentity   Code = "capability-identity"
	CapabilityNetConnect Code = "capability-net-connect"

	// Of check.
	InertTable            Code = "inert-table"
	InertCapability       Code = "inert-capability"
	UnknownKey            Code = "unknown-key"
	SettingsElsewhere     Code = "settings-elsewhere"
	PackageNameTwice      Code = "package-name-twice"
	VersionDiffers        Code = "version-differs"
	ToolResultPublish     Code = "tool-result-publish"
	ToolDescribePublish   Code = "tool-describe-publish"
	ToolDescribeSubscribe Code = "tool-describe-subscribe"
	ComponentFileTaken    Code = "component-file-taken"
	ComponentFileEscapes  Code = "component-file-escapes"
	ComponentFileName     Code = "component-file-name"
	MissingFile           Code = "missing-file"
	RustNoCdylib          Code = "rust-no-cdylib"
	RustNoWasmTarget      Code = "rust-no-wasm-target"
	RustTargetWASI        Code = "rust-target-wasi"
	RustToolchainTarget   Code = "rust-toolchain-target"
	RustGetrandomCfg      Code = "rust-getrandom-cfg"
	RuntimeCalendar       Code = "runtime-calendar"
	RuntimeRefuses        Code = "runtime-refuses"
	UplinkNeedsOperator   Code = "uplink-needs-operator"
	ComponentInert        Code = "component-inert"
	ComponentFileArchive  Code = "component-file-archive"
	HandlersTooMany       Code = "handlers-too-many"
	RustCdylibs           Code = "rust-cdylibs"

	// Of build.
	ToolchainUnknown        Code = "toolchain-unknown"
	ToolchainNothingToBuild Code = "toolchain-nothing-to-build"
	Toolchain               Code = "toolchain"
	ToolMissing             Code = "tool-missing"
	ToolSilent              Code = "tool-silent"
	ToolFound               Code = "tool-found"
	RustMixed               Code = "rust-mixed"
	RustTargetMissing       Code = "rust-target-missing"
	RustToolchainMissing    Code = "rust-toolchain-missing"
	RustStaleArtifact       Code = "rust-stale-artifact"
	RustNoModule            Code = "rust-no-module"
	RustWhichModule         Code = "rust-which-module"
	GoTooOld                Code = "go-too-old"
	GoSeveral               Code = "go-several"
	TinygoSeveral           Code = "tinygo-several"
	NpmNoBuildScript        Code = "npm-no-build-script"
	PackagesMissing         Code = "packages-missing"
	BuildCommand            Code = "build-command"
	BuildEnvironment        Code = "build-environment"
	BuildFailed             Code = "build-failed"
	BuildTimeout            Code = "build-timeout"
	BuildWrotePublished     Code = "build-wrote-published"
	StrayProcess            Code = "stray-process"
	OutputMissing           Code = "output-missing"
	OutputLeftAlone         Code = "output-left-alone"
	OutputUnreadable        Code = "output-unreadable"
	OutputTooLarge          Code = "output-too-large"
	WrapFailed              Code = "wrap-failed"
	StageFailed             Code = "stage-failed"
	SharedTrouble           Code = "shared-trouble"
	SharedRefused           Code = "shared-refused"
	SharedDiffers           Code = "shared-differs"
	ElsewhereFailed         Code = "elsewhere-failed"
	StateFolderForeign      Code = "state-folder-foreign"
	PublishRefused          Code = "publish-refused"
	ModuleGone              Code = "module-gone"
	ModuleNotPutBack        Code = "module-not-put-back"
	ModuleOverwritten       Code = "module-overwritten"
	ModulePutBack           Code = "module-put-back"
	CapsuleCycle            Code = "capsule-cycle"
	WaitingForLock          Code = "waiting-for-lock"
	ReloadDelta             Code = "reload-delta"
	BehaviourChanged        Code = "behaviour-changed"

	// Of what the module describes, and of the capsule's tests.
	UnroutedTool         Code = "unrouted-tool"
	DanglingSubscription Code = "dangling-subscription"
	HandlerMismatch      Code = "handler-mismatch"
	MissingPublish       Code = "missing-publish"
	ToolSchema           Code = "tool-schema"
	ToolUndescribed      Code = "tool-undescribed"
	ToolDescribeFailed   Code = "tool-describe-failed"
	TestFile             Code = "test-file"
	TestUnknownKey       Code = "test-unknown-key"
	TestValue            Code = "test-value"
	TestFailed           Code = "test-failed"
	TestTimeout          Code = "test-timeout"
	PackRefused          Code = "pack-refused"

	// Of smoke and the kernel.
	SmokeEngine             Code = "smoke-engine"
	SmokeRuntime            Code = "smoke-runtime"
	SmokeChild              Code = "smoke-child"
	SmokeCancelled          Code = "smoke-cancelled"
	SmokeTimeout            Code = "smoke-timeout"
	SmokeSlow               Code = "smoke-slow"
	SmokeSize               Code = "smoke-size"
	SmokeEmpty              Code = "smoke-empty"
	SmokeTruncated          Code = "smoke-truncated"
	SmokeNotWasm            Code = "smoke-not-wasm"
	SmokeVersion            Code = "smoke-version"
	SmokeInvalid            Code = "smoke-invalid"
	SmokeLink               Code = "smoke-link"
	SmokeLimit              Code = "smoke-limit"
	SmokeProposalRefused    Code = "smoke-proposal-refused"
	SmokeProposal           Code = "smoke-proposal"
	SmokeUnsupported        Code = "smoke-unsupported"
	SmokeMemory             Code = "smoke-memory"
	SmokeTable              Code = "smoke-table"
	SmokeShape              Code = "smoke-shape"
	SmokeExit               Code = "smoke-exit"
	SmokeStack              Code = "smoke-stack"
	SmokeTrap               Code = "smoke-trap"
	SmokeCall               Code = "smoke-call"
	SmokeWrap               Code = "smoke-wrap"
	SmokeForeignImport      Code = "smoke-foreign-import"
	KernelNotComponent      Code = "kernel-not-component"
	KernelImportUnknown     Code = "kernel-import-unknown"
	KernelImportRelease     Code = "kernel-import-release"
	KernelImportVersion     Code = "kernel-import-version"
	KernelImportType        Code = "kernel-import-type"
	KernelImportMissing     Code = "kernel-import-missing"
	KernelWASI              Code = "kernel-wasi"
	KernelStubExports       Code = "kernel-stub-exports"
	KernelNoContract        Code = "kernel-no-contract"
	KernelNoTrigger         Code = "kernel-no-trigger"
	KernelContractType      Code = "kernel-contract-type"
	KernelCapabilityMissing Code = "kernel-capability-missing"
	KernelCapabilityUnused  Code = "kernel-capability-unused"
	KernelSharedMemory      Code = "kernel-shared-memory"
	KernelMemory            Code = "kernel-memory"
	KernelTable             Code = "kernel-table"
	KernelProposal          Code = "kernel-proposal"
	KernelReleaseRange      Code = "kernel-release-range"
	KernelNotReady          Code = "kernel-not-ready"
	KernelReadyUnknown      Code = "kernel-ready-unknown"
	IsolatedRefused         Code = "isolated-refused"
	IsolatedValue           Code = "isolated-value"
	IsolatedDiffers         Code = "isolated-differs"

	// Of verify.
	ManifestUnreadable     Code = "manifest-unreadable"
	FixFailed              Code = "fix-failed"
	UnreadableFolder       Code = "unreadable-folder"
	InputMatchesNothing    Code = "input-matches-nothing"
	SourceUnreadable       Code = "source-unreadable"
	PathTooLong            Code = "path-too-long"
	BuildChangesInput      Code = "build-changes-input"
	BuildTouchesInput      Code = "build-touches-input"
	NotReproducible        Code = "not-reproducible"
	SecondBuildFailed      Code = "second-build-failed"
	CommittedModuleDiffers Code = "committed-module-differs"
	DeclaredHashDiffers    Code = "declared-hash-differs"
	ContractVersion        Code = "contract-version"
	ContractChange         Code = "contract-change"
	ContractUnknown        Code = "contract-unknown"
	RuntimeRegression      Code = "runtime-regression"
	RuntimeMended          Code = "runtime-mended"

	// Of reports.
	CheckFailed                 Code = "check-failed"
	CheckDiagnostic             Code = "check-diagnostic"
	BuildDiagnostic             Code = "build-diagnostic"
	SmokeFailed                 Code = "smoke-failed"
	SmokeDiagnostic             Code = "smoke-diagnostic"
	KernelReadyFailed           Code = "kernel-ready-failed"
	KernelReadyDiagnostic       Code = "kernel-ready-diagnostic"
	TestsFailed                 Code = "tests-failed"
	TestsDiagnostic             Code = "tests-diagnostic"
	NoMutationFailed            Code = "no-mutation-failed"
	NoMutationDiagnostic        Code = "no-mutation-diagnostic"
	ReproducibleFailed          Code = "reproducible-failed"
	ReproducibleDiagnostic      Code = "reproducible-diagnostic"
	PublishedArtifactFailed     Code = "published-artifact-failed"
	PublishedArtifactDiagnostic Code = "published-artifact-diagnostic"
	RuntimeFailed               Code = "runtime-failed"
	RuntimeDiagnostic           Code = "runtime-diagnostic"
	ContractFailed              Code = "contract-failed"
	ContractDiagnostic          Code = "contract-diagnostic"
	RuntimeChangeFailed         Code = "runtime-change-failed"
	RuntimeChangeDiagnostic     Code = "runtime-change-diagnostic"

	// Of watch and doctor.
	BuildTouchesInputs Code = "build-touches-inputs"
	DuplicateName      Code = "duplicate-name"
	SearchFailed       Code = "search-failed"
	MissingRoot        Code = "missing-root"
	NoCapsules         Code = "no-capsules"
	NotAsked           Code = "watch-not-asked"
	LinkedCapsule      Code = "linked-capsule"
	GitLockWaiting     Code = "git-lock-waiting"
	GitLockStale       Code = "git-lock-stale"
	NotifyFailed       Code = "notify-failed"
	HookFailed         Code = "hook-failed"
	LiveGone           Code = "live-gone"
	LivePaced          Code = "live-paced"
	LivePutBack        Code = "live-put-back"
	LiveRemoved        Code = "live-removed"
	LiveUnknown        Code = "live-unknown"
	WatchLimit         Code = "watch-limit"
	WatchInstances     Code = "watch-instances"
	WatchRefused       Code = "watch-refused"
	WatchFiles         Code = "watch-files"
	PolledFileSystem   Code = "polled-file-system"
	GitExcludes        Code = "git-excludes"
	FileSystem         Code = "file-system"
)

// table describes each code, in the order above.
var table = []Rule{
	{Code: ManifestSyntax, Part: PartManifest, Severity: Error, Summary: "the manifest is not TOML", Example: "name = greeter, without quotes", Remedy: "mend the syntax at the place named"},
	{Code: ManifestEncoding, Part: PartManifest, Severity: Error, Summary: "the manifest is not UTF-8 text", Example: "an editor saved Capsule.toml as UTF-16", Remedy: "save it again as UTF-8"},
	{Code: ManifestTooLarge, Part: PartManifest, Severity: Error, Summary: "the manifest is larger than 1 MiB", Example: "a module was copied over Capsule.toml", Remedy: "check that it is the right file"},
	{Code: ManifestTooDeep, Part: PartManifest, Severity: Error, Summary: "the manifest nests deeper than any manifest can", Example: "a = [[[[ and so on, 65 brackets deep", Remedy: "check that it is the right file"},
	{Code: ManifestWrongType, Part: PartManifest, Severity: Error, Summary: "a value has the wrong type", Example: "version = 1.0 instead of version = \"1.0.0\"", Remedy: "write the value as the hint shows", Fixable: true},
	{Code: ManifestMissingKey, Part: PartManifest, Severity: Error, Summary: "a key that the runtime requires is missing", Example: "[package] has a name and no version", Remedy: "add the line that the hint shows"},
	{Code: PackageName, Part: PartManifest, Severity: Error, Summary: "the capsule's name is not one the runtime takes", Example: "name = \"My Capsule\"", Remedy: "use lower-case letters, digits and dashes only"},
	{Code: PackageVersion, Part: PartManifest, Severity: Error, Summary: "the version is not strict semver", Example: "version = \"1.0\"", Remedy: `write three numbers: version = "1.0.0"`, Fixable: true},
	{Code: PackageAstridVersion, Part: PartManifest, Severity: Error, Summary: "astrid-version is not a version requirement", Example: "astrid-version = \"newest\"", Remedy: `write a requirement: astrid-version = ">=0.7.0"`},
	{Code: ComponentFile, Part: PartManifest, Severity: Error, Summary: "a component's file is not a path below the capsule", Example: "file = \"../greeter.wasm\"", Remedy: "name a file below the capsule's folder, with / between folders"},
	{Code: ComponentFileTwice, Part: PartManifest, Severity: Error, Summary: "two components are published at the same file", Example: "two [[component]] tables, both with file = \"app.wasm\"", Remedy: "give each component a file of its own"},
	{Code: ComponentIDTwice, Part: PartManifest, Severity: Error, Summary: "two components have the same id", Example: "two [[component]] tables, both with id = \"main\"", Remedy: "give each component an id of its own"},
	{Code: InterfaceName, Part: PartManifest, Severity: Error, Summary: "an interface's namespace or name is not one the runtime takes", Example: "[imports.Astrid]", Remedy: "begin with a lower-case letter, go on with lower-case letters, digits and dashes"},
	{Code: InterfaceVersion, Part: PartManifest, Severity: Error, Summary: "an interface's version is not what the runtime takes", Example: "session = \"latest\" below [imports.astrid]", Remedy: `imports take a requirement ("^1.0"), exports an exact version ("1.0.0")`},
	{Code: UplinkImports, Part: PartManifest, Severity: Error, Summary: "an uplink capsule has imports; uplinks load before what they would import", Example: "a manifest with both [[uplink]] and [imports.astrid]", Remedy: "remove [imports], or uplink = true from [capabilities]"},
	{Code: UplinkProfile, Part: PartManifest, Severity: Error, Summary: "an uplink's profile is not one the runtime knows", Example: "profile = \"chatty\" in [[uplink]]", Remedy: `write one of "chat", "interactive", "notify", "bridge"`},
	{Code: TopicPattern, Part: PartManifest, Severity: Error, Summary: "a topic pattern has an empty segment", Example: "\"greeter..done\" = {} in [publish]", Remedy: "remove the dot at the end or the beginning, or one of two dots in a row"},
	{Code: TopicPins, Part: PartManifest, Severity: Error, Summary: "a topic names more than one of version, tag, rev, branch and path", Example: "\"a.v1.b\" = { version = \"1\", tag = \"v1\" } in [publish]", Remedy: "keep one of them"},
	{Code: TopicPriority, Part: PartManifest, Severity: Error, Summary: "a subscription's priority has no handler to order, or is out of range", Example: "\"a.v1.b\" = { priority = 10 } in [subscribe], without a handler", Remedy: "add handler, or remove priority"},
	{Code: CommandKind, Part: PartManifest, Severity: Error, Summary: "a command's kind is neither slash nor cli", Example: "kind = \"shell\" in [[command]]", Remedy: `write kind = "slash" or kind = "cli"`},
	{Code: CommandName, Part: PartManifest, Severity: Error, Summary: "a cli command's name is not one the runtime takes", Example: "name = \"say hello\" in a cli [[command]]", Remedy: "1 to 32 lower-case letters, digits and dashes, and not a word that the runtime uses itself"},
	{Code: SettingsUnknownKey, Part: PartManifest, Severity: Error, Summary: "[package.metadata.astrid-dev] has a key that does not exist", Example: "profil = \"release\" in [package.metadata.astrid-dev]", Remedy: "correct the spelling"},
	{Code: SettingsValue, Part: PartManifest, Severity: Error, Summary: "a value in [package.metadata.astrid-dev] makes no sense", Example: "timeout = \"5\" in [package.metadata.astrid-dev], without a unit", Remedy: "write the value as the hint shows"},
	{Code: SettingsOutput, Part: PartManifest, Severity: Error, Summary: "output is not a path of its own below the capsule", Example: "output = \"/tmp/out.wasm\" in [package.metadata.astrid-dev]", Remedy: "name a path below the capsule that differs from the component's file"},
	{Code: ComponentType, Part: PartManifest, Severity: Warning, Summary: "a component's type is neither executable nor library", Example: "type = \"plugin\" in [[component]]", Remedy: `write type = "executable" or type = "library"`},
	{Code: ComponentLink, Part: PartManifest, Severity: Warning, Summary: "a component links to an id that no component has", Example: "link = [\"helper\"], and no component has that id", Remedy: "correct the id, or add the component"},
	{Code: ComponentHash, Part: PartManifest, Severity: Warning, Summary: "a declared hash is not a BLAKE3 hash", Example: "hash = \"sha256:...\" in [[component]]", Remedy: "write 64 hex digits as b3sum prints them, or remove the line"},
	{Code: EnvType, Part: PartManifest, Severity: Warning, Summary: "the type of a variable is not one the runtime asks for in its own way", Example: "type = \"number\" for a variable in [env]", Remedy: `write one of "text", "secret", "select", "array"`},
	{Code: EnvName, Part: PartManifest, Severity: Warning, Summary: "a variable's name cannot be set in an environment", Example: "\"MY-KEY\" = {} in [env]", Remedy: "use letters, digits and underscores, not a digit first"},
	{Code: EnvChoices, Part: PartManifest, Severity: Warning, Summary: "a select has nothing to choose from, or a default that is no choice", Example: "type = \"select\" and enum_values = [] in [env]", Remedy: "add enum_values or options_from"},
	{Code: TopicInertKey, Part: PartManifest, Severity: Warning, Summary: "a key has no effect on this side: fanout is for [publish], handler and priority are for [subscribe]", Example: "\"a.v1.b\" = { handler = \"h\" } in [publish]", Remedy: "remove it, or move the entry", Fixable: true},
	{Code: ToolTwice, Part: PartManifest, Severity: Warning, Summary: "two tools have the same name", Example: "two [[tool]] tables with name = \"greet\"", Remedy: "give each tool a name of its own"},
	{Code: CommandTwice, Part: PartManifest, Severity: Warning, Summary: "two commands have the same name", Example: "two [[command]] tables with name = \"hello\"", Remedy: "give each command a name of its own"},
	{Code: CapabilityIdentity, Part: PartManifest, Severity: Warning, Summary: "an identity capability is not one the runtime knows", Example: "identity = [\"everything\"] in [capabilities]", Remedy: `write one of "resolve", "link", "admin"`},
	{Code: CapabilityNetConnect, Part: PartManifest, Severity: Warning, Summary: "a net_connect entry is not host:port and matches nothing", Example: "net_connect = [\"https://example.org\"] in [capabilities]", Remedy: `write host and port, either may be *: "example.org:443"`},
	{Code: InertTable, Part: PartCheck, Severity: Warning, Summary: "a table from an older manifest format, which the runtime ignores", Example: "[[interceptor]] in Capsule.toml", Remedy: "write the line that the hint shows under [publish] or [subscribe], and remove the table"},
	{Code: InertCapability, Part: PartCheck, Severity: Warning, Summary: "ipc_publish or ipc_subscribe in [capabilities], which the runtime ignores", Example: "ipc_publish = [\"a.v1.b\"] in [capabilities]", Remedy: "write the topics as keys of [publish] or [subscribe]"},
	{Code: UnknownKey, Part: PartCheck, Severity: Note, Summary: "a key that the runtime ignores and that looks like one it knows", Example: "descripton = \"...\" in [package]", Remedy: "correct the spelling"},
	{Code: SettingsElsewhere, Part: PartCheck, Severity: Warning, Summary: "settings for astrid-dev stand where nobody reads them", Example: "[tool.astrid-dev] instead of [package.metadata.astrid-dev]", Remedy: "write them under [package.metadata.astrid-dev]"},
	{Code: PackageNameTwice, Part: PartCheck, Severity: Error, Summary: "two capsules have the same name; the runtime loads one of them", Example: "caps/a and caps/a-copy both have name = \"a\"", Remedy: "give each capsule a name of its own"},
	{Code: VersionDiffers, Part: PartCheck, Severity: Warning, Summary: "the version differs from that in Cargo.toml or package.json", Example: "version = \"0.2.0\" here, and \"0.1.0\" in Cargo.toml", Remedy: "write the same version in both"},
	{Code: ToolResultPublish, Part: PartCheck, Severity: Warning, Summary: "a tool's handler may not publish its results", Example: "[subscribe] routes tool.v1.execute.greet, and [publish] lacks tool.v1.execute.greet.result", Remedy: "add the line that the hint shows to [publish]", Fixable: true},
	{Code: ToolDescribePublish, Part: PartCheck, Severity: Warning, Summary: "a capsule with tools may not answer when it is asked to describe them", Example: "a capsule with tools whose [publish] lacks tool.v1.response.describe.*", Remedy: "add the line that the hint shows to [publish]", Fixable: true},
	{Code: ToolDescribeSubscribe, Part: PartCheck, Severity: Warning, Summary: "a capsule with tools does not hear when it is asked to describe them", Example: "a capsule with tools whose [subscribe] lacks tool.v1.request.describe", Remedy: "add the line that the hint shows to [subscribe]", Fixable: true},
	{Code: ComponentFileTaken, Part: PartCheck, Severity: Error, Summary: "what stands at a component's file is no module, so that nothing is published there", Example: "file = \"README.md\" in [[component]]", Remedy: "correct file, or remove what stands there"},
	{Code: ComponentFileEscapes, Part: PartCheck, Severity: Error, Summary: "a component's file leads out of the capsule through a symbolic link", Example: "file = \"out/app.wasm\", where out is a link to /tmp", Remedy: "remove the link"},
	{Code: ComponentFileName, Part: PartCheck, Severity: Warning, Summary: "a component's file is not what cargo makes of this crate", Example: "file = \"app.wasm\", and cargo makes greeter.wasm of the crate", Remedy: "write the name that the hint shows"},
	{Code: MissingFile, Part: PartCheck, Severity: Warning, Summary: "a file that the manifest names does not exist", Example: "skills = [\"skills/greet.md\"], and no such file is there", Remedy: "create it, or correct the path"},
	{Code: RustNoCdylib, Part: PartCheck, Severity: Error, Summary: "the crate makes neither a module nor a program", Example: "Cargo.toml has no crate-type = [\"cdylib\"] and no src/main.rs", Remedy: `write crate-type = ["cdylib"] under [lib] in Cargo.toml`},
	{Code: RustNoWasmTarget, Part: PartCheck, Severity: Error, Summary: "no WebAssembly target is set: cargo would build for this machine", Example: "neither .cargo/config.toml nor the environment names a target", Remedy: "write the lines that the hint shows into .cargo/config.toml", Fixable: true},
	{Code: RustTargetWASI, Part: PartCheck, Severity: Warning, Summary: "the target needs WASI, which the kernel does not offer", Example: "target = \"wasm32-wasip2\" in .cargo/config.toml", Remedy: `write target = "wasm32-unknown-unknown"`},
	{Code: RustToolchainTarget, Part: PartCheck, Severity: Warning, Summary: "rust-toolchain.toml does not install the target that is built", Example: "rust-toolchain.toml without targets = [\"wasm32-unknown-unknown\"]", Remedy: "add the target to targets", Fixable: true},
	{Code: RustGetrandomCfg, Part: PartCheck, Severity: Warning, Summary: "getrandom does not compile for wasm32-unknown-unknown without its cfg", Example: "getrandom 0.3 among the crates, and no cfg in .cargo/config.toml", Remedy: "add the flag that the hint shows to rustflags", Fixable: true},
	{Code: RuntimeCalendar, Part: PartCheck, Severity: Warning, Summary: "astrid-version lets in no runtime with a calendar version, as all have from 2026 on", Example: "astrid-version = \"^0.10\"", Remedy: "write a floor without a ceiling, as the hint shows"},
	{Code: RuntimeRefuses, Part: PartCheck, Severity: Error, Summary: "a runtime chosen with --runtime, or in the manifest, does not satisfy astrid-version", Example: "check --runtime 0.9.4 with astrid-version = \">=0.10\"", Remedy: "correct astrid-version, or choose another runtime"},
	{Code: UplinkNeedsOperator, Part: PartCheck, Severity: Note, Summary: "a capsule with an uplink loads only if the operator lists it", Example: "a manifest with [[uplink]]", Remedy: "ask the operator to name the capsule under [[uplinks]]"},
	{Code: ComponentInert, Part: PartCheck, Severity: Warning, Summary: "a component after the first is never loaded", Example: "two [[component]] tables: the runtime loads the first", Remedy: "make a capsule of its own of it"},
	{Code: ComponentFileArchive, Part: PartCheck, Severity: Warning, Summary: "a component's file is not a path that the runtime finds in the package", Example: "file = \"./app.wasm\" in [[component]]", Remedy: "write the path that the hint shows"},
	{Code: HandlersTooMany, Part: PartCheck, Severity: Warning, Summary: "more handlers than the runtime subscribes for a capsule that runs", Example: "a capsule with a run export and more handlers in [subscribe] than the runtime takes", Remedy: "subscribe to a wider pattern, or split the capsule"},
	{Code: RustCdylibs, Part: PartCheck, Severity: Warning, Summary: "the crate makes more than one cdylib, which the runtime's packer refuses", Example: "two crates of one package with crate-type = [\"cdylib\"]", Remedy: "keep one cdylib target"},
	{Code: ToolchainUnknown, Part: PartBuild, Severity: Error, Summary: "nothing says how the capsule is built, or a toolchain of that name does not exist", Example: "a folder with Capsule.toml and main.py, and no build = [...]", Remedy: `write build = [...] or toolchain = "..." in [package.metadata.astrid-dev]`},
	{Code: ToolchainNothingToBuild, Part: PartBuild, Severity: Error, Summary: "the manifest names no component, so that there is nothing to build", Example: "build = [\"make\"] in a manifest without [[component]]", Remedy: "add a [[component]] with a file"},
	{Code: Toolchain, Part: PartBuild, Severity: Error, Summary: "the toolchain could not be asked", Example: "go list fails, because go.mod cannot be read", Remedy: "read the message: it is the tool's or the system's own"},
	{Code: ToolMissing, Part: PartBuild, Severity: Error, Summary: "a tool that the build needs is not installed, or not in PATH", Example: "build = [\"capsule-maker\"], which is not in PATH", Remedy: "run the command that the hint shows"},
	{Code: ToolSilent, Part: PartBuild, Severity: Warning, Summary: "a tool is there and does not answer", Example: "node --version prints nothing", Remedy: "run it by hand and read what it says"},
	{Code: ToolFound, Part: PartBuild, Severity: Note, Summary: "a tool is there", Example: "go go1.26.8 at /usr/local/go/bin/go", Remedy: "nothing is to be done"},
	{Code: RustMixed, Part: PartBuild, Severity: Warning, Summary: "cargo and the rustc that it runs come from two installations", Example: "cargo of Debian runs the rustc of rustup", Remedy: "put one folder that has both first in PATH"},
	{Code: RustTargetMissing, Part: PartBuild, Severity: Error, Summary: "the Rust that is used has no standard library for the target", Example: "a Rust without the library for wasm32-unknown-unknown", Remedy: "run the command that the hint shows"},
	{Code: RustToolchainMissing, Part: PartBuild, Severity: Error, Summary: "rustup is asked for a toolchain that is not installed", Example: "channel = \"nightly-2026-01-01\" in rust-toolchain.toml, which is not installed", Remedy: "install it, or have RUSTUP_TOOLCHAIN name one that is there", Else: []Severity{Warning}},
	{Code: RustStaleArtifact, Part: PartBuild, Severity: Error, Summary: "cargo names a module that is missing, or older than the build", Example: "cargo ends well, and the module that it names lies there from yesterday", Remedy: "run cargo clean, and build again"},
	{Code: RustNoModule, Part: PartBuild, Severity: Error, Summary: "cargo built no WebAssembly module", Example: "the crate is a library for other crates only", Remedy: `write crate-type = ["cdylib"] under [lib] in Cargo.toml`},
	{Code: RustWhichModule, Part: PartBuild, Severity: Error, Summary: "cargo built several modules, and no component is called like one of them", Example: "cargo made a.wasm and b.wasm, and the manifest names c.wasm", Remedy: "give the component's file the name of the crate, with _ for -"},
	{Code: GoTooOld, Part: PartBuild, Severity: Error, Summary: "the Go that is used cannot export functions of a module", Example: "go 1.23, which has no go:wasmexport", Remedy: "install Go 1.24 or newer"},
	{Code: GoSeveral, Part: PartBuild, Severity: Error, Summary: "the go command builds one component at a time", Example: "two [[component]] tables in a capsule that go builds", Remedy: "write a build command that makes each in $CAPSULE_OUT_DIR"},
	{Code: TinygoSeveral, Part: PartBuild, Severity: Error, Summary: "tinygo builds one component at a time", Example: "two [[component]] tables in a capsule that tinygo builds", Remedy: "write a build command that makes each in $CAPSULE_OUT_DIR"},
	{Code: NpmNoBuildScript, Part: PartBuild, Severity: Error, Summary: "package.json has no build script", Example: "package.json without \"scripts\": { \"build\": ... }", Remedy: `add "build" to "scripts"; it writes the module to $CAPSULE_OUT`},
	{Code: PackagesMissing, Part: PartBuild, Severity: Error, Summary: "the packages of package.json are not installed", Example: "package.json names packages, and there is no node_modules", Remedy: "run the command that the hint shows"},
	{Code: BuildCommand, Part: PartBuild, Severity: Error, Summary: "the build command cannot be put together or run", Example: "build = [\"\"] in the settings", Remedy: "correct build in [package.metadata.astrid-dev]"},
	{Code: BuildEnvironment, Part: PartBuild, Severity: Error, Summary: "what the build needs of this machine cannot be made ready", Example: "the folder for the output cannot be made: the disk is full", Remedy: "read the message: it names the file or folder"},
	{Code: BuildFailed, Part: PartBuild, Severity: Error, Summary: "the build command failed, and its output names no place", Example: "make ends with code 2, and says nothing of a file and a line", Remedy: "read the output that is shown with it"},
	{Code: BuildTimeout, Part: PartBuild, Severity: Error, Summary: "the build took longer than its time", Example: "a build waits for a key to be pressed", Remedy: "find out what it waits for, or raise timeout in [package.metadata.astrid-dev]"},
	{Code: BuildWrotePublished, Part: PartBuild, Severity: Error, Summary: "the build wrote the published file itself", Example: "a Makefile copies to app.wasm itself instead of $(CAPSULE_OUT)", Remedy: "let it write to $CAPSULE_OUT, or to the path that output names"},
	{Code: StrayProcess, Part: PartBuild, Severity: Warning, Summary: "processes of the build were still there at its end, and were ended", Example: "a build starts a server in the background and ends", Remedy: "let the build wait for what it starts"},
	{Code: OutputMissing, Part: PartBuild, Severity: Error, Summary: "the build ended well and left no module", Example: "the command writes to build/app.wasm, and the settings have no output", Remedy: "let it write to $CAPSULE_OUT, or name its path with output"},
	{Code: OutputLeftAlone, Part: PartBuild, Severity: Error, Summary: "the build ended well and did not write its module: what lies there is of an earlier one", Example: "the bundler writes to another folder since yesterday; the old file lies in output", Remedy: "let the build write to $CAPSULE_OUT, or correct output in [package.metadata.astrid-dev]"},
	{Code: OutputUnreadable, Part: PartBuild, Severity: Error, Summary: "what the build made cannot be read", Example: "the build made its output with chmod 000", Remedy: "let the build write a regular, readable file"},
	{Code: OutputTooLarge, Part: PartBuild, Severity: Error, Summary: "what the build made is larger than any module may be", Example: "a module with all of a data set in it", Remedy: "leave out debug information and embedded data"},
	{Code: WrapFailed, Part: PartBuild, Severity: Error, Summary: "no component can be made of the core module", Example: "the world in the module does not fit its exports", Remedy: "make its world, imports and exports agree, or write wrap = false"},
	{Code: StageFailed, Part: PartBuild, Severity: Error, Summary: "the disk refused what a build writes", Example: "no space left on the device", Remedy: "make room, or make the folder that the message names writable"},
	{Code: SharedTrouble, Part: PartBuild, Severity: Warning, Summary: "the store of shared results could not be used", Example: "the folder of --cache is on a share that is away", Remedy: "what was asked for is built here; look after the store, or leave --cache out"},
	{Code: SharedRefused, Part: PartBuild, Severity: Warning, Summary: "a shared result is not believed, and is built here instead", Example: "a result in --cache that somebody changed by hand", Remedy: "name the public key of who may share results with --cache-trust, or clean the store"},
	{Code: SharedDiffers, Part: PartBuild, Severity: Warning, Summary: "a shared result was built again, and came out otherwise", Example: "another machine built other bytes from the same inputs", Remedy: "make the build reproducible (verify --repro says where it is not), and name what it reads in inputs; what was built here counts"},
	{Code: ElsewhereFailed, Part: PartBuild, Severity: Error, Summary: "another machine was asked to build, and did not", Example: "the machines behind --execute have no cargo", Remedy: "give them the same tools, and name in inputs what the build reads; without --execute-only the capsule is built here instead", Else: []Severity{Warning}},
	{Code: StateFolderForeign, Part: PartBuild, Severity: Error, Summary: "target/astrid-dev is a link or holds what astrid-dev did not make", Example: "target/astrid-dev is a link to another disk", Remedy: "move it away"},
	{Code: PublishRefused, Part: PartBuild, Severity: Error, Summary: "what stands at a component's file is not ours, so that nothing is published there", Example: "app.wasm is tracked by git, and no build of ours made it", Remedy: "remove it, or name another file"},
	{Code: ModuleGone, Part: PartBuild, Severity: Warning, Summary: "the published module is gone or overwritten, there is no copy of it, and the sources do not build", Example: "rm app.wasm while the sources do not build, and nothing was kept", Remedy: "nothing is to be done, unless something keeps removing it"},
	{Code: ModuleNotPutBack, Part: PartBuild, Severity: Warning, Summary: "the published module is gone or overwritten, and cannot be put back", Example: "the folder of app.wasm was made read-only", Remedy: "read the reason; r builds it again"},
	{Code: ModuleOverwritten, Part: PartBuild, Severity: Warning, Summary: "a published module was deleted or overwritten while builds ran; it is put back", Example: "git clean removed app.wasm while a build ran", Remedy: "keep that program from writing there"},
	{Code: ModulePutBack, Part: PartBuild, Severity: Warning, Summary: "the last good module was deleted or overwritten while its sources do not build, and is put back", Example: "git checkout wrote app.wasm while the sources do not build", Remedy: "nothing is to be done, unless something keeps replacing it"},
	{Code: CapsuleCycle, Part: PartBuild, Severity: Warning, Summary: "capsules take each other's modules, round and round", Example: "inputs of a name b.wasm, and inputs of b name a.wasm", Remedy: "take one of these modules out of the inputs of another"},
	{Code: WaitingForLock, Part: PartBuild, Severity: Warning, Summary: "another process builds the same capsule", Example: "build in one terminal while watch builds in another", Remedy: "nothing is to be done: it goes on when the other one is done"},
	{Code: UnroutedTool, Part: PartSmoke, Severity: Warning, Summary: "the module describes a tool that no entry of [subscribe] routes", Example: "the module describes greet, and [subscribe] lacks tool.v1.execute.greet", Remedy: "subscribe to tool.v1.execute.NAME with the handler tool_execute_NAME", Else: []Severity{Error}},
	{Code: DanglingSubscription, Part: PartSmoke, Severity: Warning, Summary: "[subscribe] routes a tool that the module does not describe", Example: "[subscribe] has tool.v1.execute.greet, and the module describes no greet", Remedy: "correct the name, or remove the entry", Else: []Severity{Error}},
	{Code: HandlerMismatch, Part: PartSmoke, Severity: Warning, Summary: "the handler of a tool is not called tool_execute_NAME", Example: "\"tool.v1.execute.greet\" = { handler = \"greet\" } instead of tool_execute_greet", Remedy: "write the handler's name as the SDK makes it", Else: []Severity{Error}},
	{Code: MissingPublish, Part: PartSmoke, Severity: Warning, Summary: "a capsule with tools may not publish their results or what it describes", Example: "a capsule with tools and no [publish]", Remedy: "declare both topics under [publish]", Else: []Severity{Error}},
	{Code: ToolSchema, Part: PartSmoke, Severity: Warning, Summary: "a tool's input schema is no valid JSON Schema of an object", Example: "an input schema that says \"type\": \"string\"", Remedy: "mend what makes the schema", Else: []Severity{Error}},
	{Code: ToolUndescribed, Part: PartSmoke, Severity: Warning, Summary: "a tool has no description, so that no model knows when to call it", Example: "a tool whose description is \"\"", Remedy: "describe in a sentence what the tool does", Else: []Severity{Error}},
	{Code: ToolDescribeFailed, Part: PartSmoke, Severity: Warning, Summary: "the module does not answer when it is asked to describe its tools", Example: "the handler of tool.v1.request.describe panics", Remedy: "mend what the message says; the module itself loads", Else: []Severity{Error}},
	{Code: TestFile, Part: PartSmoke, Severity: Error, Summary: "a file of tests cannot be read", Example: "tests/greet.toml is no TOML", Remedy: "mend the file at the place that is named"},
	{Code: TestUnknownKey, Part: PartSmoke, Severity: Error, Summary: "a file of tests has a key that does not exist", Example: "tol = \"greet\" in tests/greet.toml", Remedy: "docs/tests.md has the keys"},
	{Code: TestValue, Part: PartSmoke, Severity: Error, Summary: "a value in a file of tests makes no sense", Example: "timeout = \"soon\" in tests/greet.toml", Remedy: "docs/tests.md has what each key takes"},
	{Code: TestFailed, Part: PartSmoke, Severity: Error, Summary: "a test of the capsule expects what did not come", Example: "result = \"Hello, Ada!\", and the tool says \"Hi, Ada!\"", Remedy: "mend the capsule, or write what came with astrid-dev test --update"},
	{Code: TestTimeout, Part: PartSmoke, Severity: Error, Summary: "a test of the capsule did not end in its time", Example: "a tool that loops without an end", Remedy: "look for what waits or goes round without an end; smoke = { timeout } gives more time"},
	{Code: ReloadDelta, Part: PartBuild, Severity: Note, Summary: "what a reload changed against the artifact before", Example: "size: +1.2 KB, imports: astrid:http added", Remedy: "nothing is to be done"},
	{Code: BehaviourChanged, Part: PartSmoke, Severity: Note, Summary: "a call does otherwise than with the artifact before", Example: "greet with name = \"Ada\" answered Hello before the edit, and answers Hi now", Remedy: "nothing is to be done where it is meant"},
	{Code: PackRefused, Part: PartBuild, Severity: Error, Summary: "no package can be made that the runtime would take", Example: "a link below assets", Remedy: "mend what the finding names"},
	{Code: SmokeEngine, Part: PartSmoke, Severity: Error, Summary: "the sandbox broke, not the module", Example: "the interpreter ran into a fault of its own", Remedy: "report it with the module"},
	{Code: SmokeRuntime, Part: PartSmoke, Severity: Error, Summary: "the runtime to judge for is not known", Example: "--runtime 0.6", Remedy: "name a release that astrid-dev knows"},
	{Code: SmokeChild, Part: PartSmoke, Severity: Error, Summary: "the process that loads or calls the module died or answered nonsense", Example: "the system killed the child, because memory ran out", Remedy: "free memory where the system killed it; r in watch tries again, and so does the next start. If it answers nonsense, report it with the module"},
	{Code: SmokeCancelled, Part: PartSmoke, Severity: Error, Summary: "the load was cancelled", Example: "Ctrl-C while a module was loaded", Remedy: "load it again"},
	{Code: SmokeTimeout, Part: PartSmoke, Severity: Error, Summary: "the load did not end in its time, which is that of a processor", Example: "a start function that loops without an end", Remedy: "look for a loop without an end, or raise timeout of the smoke settings"},
	{Code: SmokeSlow, Part: PartSmoke, Severity: Warning, Summary: "the machine was too busy to load the module to its end", Example: "a module of 40 MB on a machine that does ten other things", Remedy: "build it again when the machine is less busy"},
	{Code: SmokeSize, Part: PartSmoke, Severity: Error, Summary: "the file is larger than any module may be", Example: "a module with a video in it", Remedy: "leave out debug information and embedded data"},
	{Code: SmokeEmpty, Part: PartSmoke, Severity: Error, Summary: "the file is empty", Example: "the disk was full while the tool wrote", Remedy: "look at the build's output and at the path it writes"},
	{Code: SmokeTruncated, Part: PartSmoke, Severity: Error, Summary: "the file ends too early", Example: "a tool was ended while it wrote", Remedy: "build it again, and let nothing else write it"},
	{Code: SmokeNotWasm, Part: PartSmoke, Severity: Error, Summary: "the file is not WebAssembly", Example: "output names a JavaScript file", Remedy: "let file and output name the .wasm file that the build writes"},
	{Code: SmokeVersion, Part: PartSmoke, Severity: Error, Summary: "the file has an unknown version of WebAssembly", Example: "a file of a format that is not finished", Remedy: "build it with a current toolchain"},
	{Code: SmokeInvalid, Part: PartSmoke, Severity: Error, Summary: "the file is not valid WebAssembly", Example: "a function whose body leaves a value on the stack", Remedy: "build again with current tools"},
	{Code: SmokeLink, Part: PartSmoke, Severity: Error, Summary: "the runtime could not start the component", Example: "an inner module imports what its component does not give it", Remedy: "build again with current component tools"},
	{Code: SmokeLimit, Part: PartSmoke, Severity: Error, Summary: "the module goes beyond a limit that current tools stay far below", Example: "a million exports", Remedy: "build it with current tools"},
	{Code: SmokeProposalRefused, Part: PartSmoke, Severity: Error, Summary: "the module needs a proposal of WebAssembly that the runtime refuses", Example: "a module that was compiled with exceptions", Remedy: "turn the feature off in the compiler's target options"},
	{Code: SmokeProposal, Part: PartSmoke, Severity: Warning, Summary: "the module needs a proposal that the runtime has and the sandbox lacks: it was validated, not run", Example: "a module that uses several memories", Remedy: "turn the feature off to have it run"},
	{Code: SmokeUnsupported, Part: PartSmoke, Severity: Warning, Summary: "the module is valid, and the sandbox's engine cannot take it", Example: "a module that only a newer engine takes", Remedy: "report the module"},
	{Code: SmokeMemory, Part: PartSmoke, Severity: Error, Summary: "the module needs more memory than the limit", Example: "a memory that begins with 128 MiB", Remedy: "let the linker ask for less, or raise memory of the smoke settings"},
	{Code: SmokeTable, Part: PartSmoke, Severity: Error, Summary: "the module's tables are larger than the runtime gives", Example: "a table of ten million elements", Remedy: "let the linker ask for less"},
	{Code: SmokeShape, Part: PartSmoke, Severity: Error, Summary: "a start function takes or returns values", Example: "a start function with a parameter", Remedy: "give it none"},
	{Code: SmokeExit, Part: PartSmoke, Severity: Error, Summary: "the module ended itself while it was loaded", Example: "main calls exit(1)", Remedy: "build a reactor, not a command"},
	{Code: SmokeStack, Part: PartSmoke, Severity: Error, Summary: "calls are nested without an end", Example: "a constructor that calls itself", Remedy: "look for recursion in the stack that is shown"},
	{Code: SmokeTrap, Part: PartSmoke, Severity: Error, Summary: "the module trapped while it was loaded", Example: "a global constructor divides by zero", Remedy: "read its own message and stack, which are shown"},
	{Code: SmokeCall, Part: PartSmoke, Severity: Error, Summary: "a call that the settings ask for cannot be made, or failed", Example: "call = [\"greet\"] in the settings, and the action fails", Remedy: "export the contract function, or leave call out"},
	{Code: SmokeWrap, Part: PartSmoke, Severity: Warning, Summary: "no component can be made of a core module that carries its world", Example: "a core module whose world needs an export that it lacks", Remedy: "build again with one version of the SDK"},
	{Code: SmokeForeignImport, Part: PartSmoke, Severity: Warning, Summary: "the module imports what nobody provides", Example: "an import of env.log", Remedy: "link the code that defines it"},
	{Code: KernelNotComponent, Part: PartSmoke, Severity: Error, Summary: "it is a core module, and the kernel takes components only", Example: "a module of go build, without a world", Remedy: "build it with wit-bindgen or an SDK, so that it carries its world", Else: []Severity{Warning}},
	{Code: KernelImportUnknown, Part: PartSmoke, Severity: Error, Summary: "it imports what the kernel does not offer", Example: "an import of acme:db/store", Remedy: "remove the import, or compose a component in that provides it", Else: []Severity{Warning}},
	{Code: KernelImportRelease, Part: PartSmoke, Severity: Error, Summary: "it imports what only a newer runtime has", Example: "an import of astrid:http/host@1.1.0, judged for 0.8.0", Remedy: "raise astrid-version, or build with older WIT files", Else: []Severity{Warning}},
	{Code: KernelImportVersion, Part: PartSmoke, Severity: Error, Summary: "it imports an interface in a version that the kernel does not have", Example: "an import of astrid:sys/host@2.0.0", Remedy: "use the WIT files of the version that the hint names", Else: []Severity{Warning}},
	{Code: KernelImportType, Part: PartSmoke, Severity: Error, Summary: "it imports a function with another type than the kernel has", Example: "a function of astrid:process/host with the types of another release", Remedy: "build with the WIT files of the release", Else: []Severity{Warning}},
	{Code: KernelImportMissing, Part: PartSmoke, Severity: Error, Summary: "it imports a function that the kernel's interface does not have", Example: "an import of astrid:sys/host that asks for a function reboot", Remedy: "build with the WIT files of the release", Else: []Severity{Warning}},
	{Code: KernelWASI, Part: PartSmoke, Severity: Error, Summary: "it imports WASI, which the kernel does not offer", Example: "a module for wasm32-wasip2: wasi:cli/environment is imported", Remedy: "build for wasm32-unknown-unknown, or stub WASI", Else: []Severity{Warning}},
	{Code: KernelStubExports, Part: PartSmoke, Severity: Note, Summary: "some exports are one and the same function: stubs that a toolchain fills in", Example: "astrid-install and astrid-upgrade are the same empty function", Remedy: "write them, or leave them out of the world"},
	{Code: KernelNoContract, Part: PartSmoke, Severity: Warning, Summary: "it exports nothing that the kernel calls", Example: "a component that exports greet only", Remedy: "export the function that the kernel shall call"},
	{Code: KernelNoTrigger, Part: PartSmoke, Severity: Error, Summary: "[subscribe] names a handler, and the export that it needs is missing", Example: "\"a.v1.b\" = { handler = \"h\" }, and no export astrid-hook-trigger", Remedy: "export astrid-hook-trigger, or remove the handler", Else: []Severity{Warning}},
	{Code: KernelContractType, Part: PartSmoke, Severity: Warning, Summary: "an export does not have the type that the kernel calls it with", Example: "astrid-hook-trigger takes a string only", Remedy: "give it the type that the hint shows"},
	{Code: KernelCapabilityMissing, Part: PartSmoke, Severity: Warning, Summary: "it imports what [capabilities] does not declare: its calls will be refused", Example: "it imports astrid:http, and [capabilities] has no net", Remedy: "declare the capability, or drop the import"},
	{Code: KernelCapabilityUnused, Part: PartSmoke, Severity: Note, Summary: "[capabilities] declares what nothing in it needs", Example: "net = [\"example.org\"], and it does not import astrid:http", Remedy: "remove it: a capsule that asks for less is installed more readily"},
	{Code: KernelSharedMemory, Part: PartSmoke, Severity: Error, Summary: "it has a shared memory, which the kernel's engine does not make", Example: "a module that was compiled with threads", Remedy: "build it without threads", Else: []Severity{Warning}},
	{Code: KernelMemory, Part: PartSmoke, Severity: Error, Summary: "its memory begins with more than the kernel gives", Example: "a memory that begins with 65 MiB", Remedy: "let the linker ask for less", Else: []Severity{Warning}},
	{Code: KernelTable, Part: PartSmoke, Severity: Error, Summary: "a table begins with more elements than the kernel gives", Example: "a table that begins with three million elements", Remedy: "let the linker ask for less", Else: []Severity{Warning}},
	{Code: KernelProposal, Part: PartSmoke, Severity: Error, Summary: "the kernel's engine refuses a proposal that it needs", Example: "a module that was compiled with garbage collection", Remedy: "turn the feature off in the compiler's target options", Else: []Severity{Warning}},
	{Code: KernelReleaseRange, Part: PartSmoke, Severity: Warning, Summary: "astrid-version lets in a release of the runtime that lacks one of the component's imports", Example: "astrid-version = \">=0.7\", and it imports what 0.9.4 brought", Remedy: "write the astrid-version that the finding shows, or build with older WIT files"},
	{Code: KernelNotReady, Part: PartSmoke, Severity: Error, Summary: "its run export returns or waits without calling signal-ready", Example: "run returns at once", Remedy: "call signal-ready as soon as run has subscribed", Else: []Severity{Warning}},
	{Code: KernelReadyUnknown, Part: PartSmoke, Severity: Warning, Summary: "whether its run export calls signal-ready is not known", Example: "run calls signal-ready by way of a table", Remedy: "call signal-ready as soon as run has subscribed"},
	{Code: IsolatedRefused, Part: PartSmoke, Severity: Error, Summary: "with --isolated: the real runtime does not load the capsule", Example: "smoke . --isolated: a variable of [env] is not given", Remedy: "mend what the runtime's own words name"},
	{Code: IsolatedValue, Part: PartSmoke, Severity: Error, Summary: "with --isolated: a value of [env] is missing, or is none of the choices", Example: "[env] asks for API_KEY, and neither --var nor var gives it", Remedy: "give it with --var NAME=VALUE, or write a default into the manifest"},
	{Code: IsolatedDiffers, Part: PartSmoke, Severity: Warning, Summary: "with --isolated: the sandbox and the real runtime do not agree about the capsule", Example: "the sandbox loads a module that the runtime refuses", Remedy: "report it with the module: the runtime is right"},
	{Code: ManifestUnreadable, Part: PartVerify, Severity: Error, Summary: "the manifest cannot be read", Example: "chmod 000 Capsule.toml", Remedy: "make the file readable"},
	{Code: FixFailed, Part: PartVerify, Severity: Error, Summary: "check --fix could not write a file", Example: "check --fix in a read-only folder", Remedy: "make the file writable, or mend it by hand"},
	{Code: UnreadableFolder, Part: PartVerify, Severity: Error, Summary: "a folder cannot be read, so that capsules in it are not seen", Example: "chmod 000 caps/old", Remedy: "make the folder readable"},
	{Code: InputMatchesNothing, Part: PartVerify, Severity: Warning, Summary: "a pattern in inputs stands for no file", Example: "inputs = [\"../wit/**/*.witt\"]", Remedy: "correct the path, which is relative to the capsule's folder, or take it out"},
	{Code: SourceUnreadable, Part: PartVerify, Severity: Error, Summary: "a source cannot be read", Example: "chmod 000 src/lib.rs", Remedy: "make the file readable, or leave it out with ignore in [package.metadata.astrid-dev]", Was: []Code{"unreadable-source"}},
	{Code: PathTooLong, Part: PartVerify, Severity: Warning, Summary: "a source's path is longer than the system takes at once; verify cannot copy it then", Example: "folders nested until a path has more than 4,096 bytes", Remedy: "shorten the names of the folders above it, leave it out with ignore, or set TMPDIR to a shorter folder", Else: []Severity{Error}},
	{Code: BuildChangesInput, Part: PartVerify, Severity: Error, Summary: "the build changes, makes or removes a file that it is built from", Example: "a build that writes its version into src/version.txt", Remedy: "commit what the build makes there, write it elsewhere, or name it in ignore in [package.metadata.astrid-dev]"},
	{Code: BuildTouchesInput, Part: PartVerify, Severity: Note, Summary: "the build writes a source again with the same bytes", Example: "a formatter that runs before the compiler", Remedy: "write only when something changes: watch builds such a capsule once more"},
	{Code: NotReproducible, Part: PartVerify, Severity: Error, Summary: "two builds of the same sources give different bytes", Example: "the time of day is compiled in", Remedy: "take out what differs: the finding says where it lies"},
	{Code: SecondBuildFailed, Part: PartVerify, Severity: Error, Summary: "the same sources built once and failed in another folder", Example: "build.sh names /home/ada/caps", Remedy: "let the build depend on nothing but its sources"},
	{Code: CommittedModuleDiffers, Part: PartVerify, Severity: Error, Summary: "the module beside the manifest is not what the sources build", Example: "app.wasm was committed before the last edit of src/lib.rs", Remedy: "run astrid-dev build and commit the module"},
	{Code: DeclaredHashDiffers, Part: PartVerify, Severity: Error, Summary: "the hash that the manifest declares is not that of the module", Example: "hash = \"...\" was not written anew after the last build", Remedy: "write the hash that the finding shows", Else: []Severity{Warning}},
	{Code: ContractVersion, Part: PartVerify, Severity: Error, Summary: "the version does not allow what the capsule promises to others now", Example: "a tool lost a parameter, and the version went from 1.2.0 to 1.2.1", Remedy: "write the version that the finding shows, or promise what was promised"},
	{Code: ContractChange, Part: PartVerify, Severity: Note, Summary: "what the capsule promises to others has changed", Example: "a tool has a new parameter", Remedy: "tell those who use it, or take it back", Else: []Severity{Warning}},
	{Code: ContractUnknown, Part: PartVerify, Severity: Warning, Summary: "the capsule at the commit of --against does not build, so that only manifests are compared", Example: "verify --against v1.0.0, and the sources of v1.0.0 do not build here", Remedy: "compare with a commit that builds"},
	{Code: RuntimeRegression, Part: PartVerify, Severity: Error, Summary: "the first release of --runtime takes the capsule, and the second does not", Example: "verify --runtime 0.10 --runtime 2026.10, and only 0.10 takes the capsule", Remedy: "read the findings beside it"},
	{Code: RuntimeMended, Part: PartVerify, Severity: Note, Summary: "the second release of --runtime takes the capsule, and the first does not", Example: "verify --runtime 0.10 --runtime 2026.10, and only 2026.10 takes the capsule", Remedy: "nothing: it is told because it changed"},
	{Code: CheckFailed, Part: PartReport, Severity: Error, Summary: "the step check failed and says no more", Example: "a report of verify in which check failed without a message of its own", Remedy: "read what is printed with it"},
	{Code: CheckDiagnostic, Part: PartReport, Severity: Error, Summary: "a message of the step check", Example: "a report of verify with a message of check that has no code", Remedy: "read the message: it is the tool's own", Else: []Severity{Warning, Note}},
	{Code: BuildDiagnostic, Part: PartReport, Severity: Error, Summary: "a message of the step build", Example: "a report of verify with a message of build that has no code", Remedy: "read the message: it is the tool's own", Else: []Severity{Warning, Note}},
	{Code: SmokeFailed, Part: PartReport, Severity: Error, Summary: "the step smoke failed and says no more", Example: "a report of verify in which smoke failed without a message of its own", Remedy: "read what is printed with it"},
	{Code: SmokeDiagnostic, Part: PartReport, Severity: Error, Summary: "a message of the step smoke", Example: "a report of verify with a message of smoke that has no code", Remedy: "read the message: it is the tool's own", Else: []Severity{Warning, Note}},
	{Code: KernelReadyFailed, Part: PartReport, Severity: Error, Summary: "the step kernel-ready failed and says no more", Example: "a report of verify in which kernel-ready failed without a message of its own", Remedy: "read what is printed with it"},
	{Code: TestsFailed, Part: PartReport, Severity: Error, Summary: "the step tests failed and says no more", Example: "a report of verify in which tests failed without a message of its own", Remedy: "read what is printed with it"},
	{Code: TestsDiagnostic, Part: PartReport, Severity: Error, Summary: "a message of the step tests", Example: "a report of verify with a message of tests that has no code", Remedy: "read the message", Else: []Severity{Warning, Note}},
	{Code: KernelReadyDiagnostic, Part: PartReport, Severity: Error, Summary: "a message of the step kernel-ready", Example: "a report of verify with a message of kernel-ready that has no code", Remedy: "read the message: it is the tool's own", Else: []Severity{Warning, Note}},
	{Code: NoMutationFailed, Part: PartReport, Severity: Error, Summary: "the step no-mutation failed and says no more", Example: "a report of verify in which no-mutation failed without a message of its own", Remedy: "read what is printed with it"},
	{Code: NoMutationDiagnostic, Part: PartReport, Severity: Error, Summary: "a message of the step no-mutation", Example: "a report of verify with a message of no-mutation that has no code", Remedy: "read the message: it is the tool's own", Else: []Severity{Warning, Note}},
	{Code: ReproducibleFailed, Part: PartReport, Severity: Error, Summary: "the step reproducible failed and says no more", Example: "a report of verify in which reproducible failed without a message of its own", Remedy: "read what is printed with it"},
	{Code: ReproducibleDiagnostic, Part: PartReport, Severity: Error, Summary: "a message of the step reproducible", Example: "a report of verify with a message of reproducible that has no code", Remedy: "read the message: it is the tool's own", Else: []Severity{Warning, Note}},
	{Code: PublishedArtifactFailed, Part: PartReport, Severity: Error, Summary: "the step published-artifact failed and says no more", Example: "a report of verify in which published-artifact failed without a message of its own", Remedy: "read what is printed with it"},
	{Code: PublishedArtifactDiagnostic, Part: PartReport, Severity: Error, Summary: "a message of the step published-artifact", Example: "a report of verify with a message of published-artifact that has no code", Remedy: "read the message: it is the tool's own", Else: []Severity{Warning, Note}},
	{Code: RuntimeFailed, Part: PartReport, Severity: Error, Summary: "the step runtime failed and says no more", Example: "a report of verify in which runtime failed without a message of its own", Remedy: "read what is printed with it"},
	{Code: RuntimeDiagnostic, Part: PartReport, Severity: Error, Summary: "a message of the step runtime", Example: "a report of verify with a message of runtime that has no code", Remedy: "read the message: it is the runtime's own", Else: []Severity{Warning, Note}},
	{Code: ContractFailed, Part: PartReport, Severity: Error, Summary: "the step contract failed and says no more", Example: "a report of verify in which contract failed without a message of its own", Remedy: "read what is printed with it"},
	{Code: ContractDiagnostic, Part: PartReport, Severity: Error, Summary: "a message of the step contract", Example: "a report of verify with a message of contract that has no code", Remedy: "read the message", Else: []Severity{Warning, Note}},
	{Code: RuntimeChangeFailed, Part: PartReport, Severity: Error, Summary: "the step runtime-change failed and says no more", Example: "a report of verify in which runtime-change failed without a message of its own", Remedy: "read what is printed with it"},
	{Code: RuntimeChangeDiagnostic, Part: PartReport, Severity: Error, Summary: "a message of the step runtime-change", Example: "a report of verify with a message of runtime-change that has no code", Remedy: "read the message", Else: []Severity{Warning, Note}},
	{Code: BuildTouchesInputs, Part: PartWatch, Severity: Warning, Summary: "in watch: the build writes a source again with the same bytes", Example: "a formatter that runs before the compiler, in watch", Remedy: "write only when something changes, or name what it makes in ignore"},
	{Code: DuplicateName, Part: PartWatch, Severity: Warning, Summary: "in watch: two capsules have the same name; the runtime loads one of them", Example: "caps/a was copied to caps/a-copy, and both are watched", Remedy: "give each capsule a name of its own"},
	{Code: SearchFailed, Part: PartWatch, Severity: Warning, Summary: "looking for capsules failed", Example: "the folder that is watched cannot be read", Remedy: "make the folder readable; the next change or r looks again"},
	{Code: MissingRoot, Part: PartWatch, Severity: Warning, Summary: "a path to watch does not exist yet", Example: "watch caps, before caps is made", Remedy: "make it: it is watched from then on"},
	{Code: NotAsked, Part: PartWatch, Severity: Warning, Summary: "other processes cannot ask this watch, because no socket can be made", Example: "XDG_RUNTIME_DIR is a path of more than 100 bytes", Remedy: "give XDG_RUNTIME_DIR a short path to a folder of your own"},
	{Code: NoCapsules, Part: PartWatch, Severity: Warning, Summary: "no folder below the paths holds a Capsule.toml yet", Example: "watch in a folder of documents", Remedy: "astrid-dev new NAME --lang go writes a capsule"},
	{Code: LinkedCapsule, Part: PartWatch, Severity: Warning, Summary: "a link leads to a capsule outside the paths, which is not looked at", Example: "caps/shared is a link to ../other/shared", Remedy: "name the capsule's own folder as a path"},
	{Code: GitLockWaiting, Part: PartWatch, Severity: Warning, Summary: "git holds its lock: the build waits for it", Example: "git switch is at work", Remedy: "nothing is to be done"},
	{Code: GitLockStale, Part: PartWatch, Severity: Warning, Summary: "git's lock has been there for long, and is waited for no more", Example: "git was killed and left .git/index.lock", Remedy: "remove it if no git runs"},
	{Code: NotifyFailed, Part: PartWatch, Severity: Warning, Summary: "the desktop's program could not show a notification", Example: "notify-send on a machine without a screen", Remedy: "leave --notify out where there is no desktop; the bell rings without it"},
	{Code: HookFailed, Part: PartWatch, Severity: Warning, Summary: "the command of --on-reload, --on-live, --on-failed or --on-mended failed", Example: "--on-reload ./install.sh, and install.sh ends with code 1", Remedy: "read its output, which is shown with it"},
	{Code: LiveGone, Part: PartWatch, Severity: Warning, Summary: "with --isolated or --live: the runtime is not there", Example: "astrid stop while watch --live runs", Remedy: "start it, with astrid start; what is built is installed when it is back"},
	{Code: LivePaced, Part: PartWatch, Severity: Warning, Summary: "with --isolated or --live: the runtime takes no more installs for now", Example: "eleven reloads within a minute", Remedy: "nothing is to be done: the newest of each capsule goes when there is room"},
	{Code: LivePutBack, Part: PartWatch, Severity: Warning, Summary: "with --live: the runtime keeps a package that it refused, and the last good one cannot be put back", Example: "the runtime ends while it refuses a package", Remedy: "install a good one: the next start of the runtime would load what it refused"},
	{Code: LiveRemoved, Part: PartWatch, Severity: Warning, Summary: "with --live: a capsule that the runtime refused was taken out of it again", Example: "the first package of a capsule is refused", Remedy: "nothing is to be done: the runtime had none before"},
	{Code: LiveUnknown, Part: PartWatch, Severity: Warning, Summary: "with --isolated or --live: watch ended while the runtime installed a capsule", Example: "q while a package is being installed", Remedy: "start watch again: the newest is installed anew"},
	{Code: WatchLimit, Part: PartWatch, Severity: Warning, Summary: "folders are polled because the system gives no more watches, or doctor's word on its limits", Example: "300,000 folders, and fs.inotify.max_user_watches is 8,192", Remedy: "raise fs.inotify.max_user_watches", Else: []Severity{Note, Error}, Was: []Code{"watch-limits"}},
	{Code: WatchInstances, Part: PartWatch, Severity: Warning, Summary: "everything is polled because the system gives no more watchers", Example: "128 other programs watch files already", Remedy: "raise fs.inotify.max_user_instances"},
	{Code: WatchRefused, Part: PartWatch, Severity: Warning, Summary: "a folder is polled because the system does not let it be watched", Example: "a folder of another user in the middle of the capsules", Remedy: "let it be watched, or live with slower notice"},
	{Code: WatchFiles, Part: PartWatch, Severity: Warning, Summary: "folders are polled because there are too few file descriptors", Example: "ulimit -n 64", Remedy: "raise ulimit -n"},
	{Code: PolledFileSystem, Part: PartWatch, Severity: Warning, Summary: "a file system that does not tell of all changes is polled", Example: "the capsules lie on NFS", Remedy: "keep the sources on a local disk, or live with slower notice"},
	{Code: GitExcludes, Part: PartWatch, Severity: Note, Summary: "for doctor: git ignores files by rules of this user only, which are not followed", Example: "*.snap in ~/.config/git/ignore", Remedy: "write the rules into .gitignore as well"},
	{Code: FileSystem, Part: PartWatch, Severity: Note, Summary: "on what file system a path lies, for doctor", Example: "caps lies on ext4, which tells of changes", Remedy: "keep the sources on a local disk where doctor warns", Else: []Severity{Warning, Error}},
}

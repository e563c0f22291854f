// Package capsule reads Capsule.toml.
//
// Parse and Load give the manifest as the runtime understands it, our own
// settings from [package.metadata.astrid-dev], and what is wrong with it, each
// fault with its line and column. Two lists of rules stand behind them:
// refusals (refuse.go) are what the runtime refuses or what makes building
// impossible, and stop a build; doubts (doubt.go) are what the runtime accepts
// and a person would not, and are for `astrid-dev check` only.
//
// The files call one way, from top to bottom:
//
//	load.go         a manifest from a file or from its text
//	doubt.go        what a person would not accept
//	refuse.go       what the runtime refuses
//	sections.go     the runtime's sections
//	settings.go     our own table
//	reader.go       a value with its type and its place
//	requirement.go  versions that are asked for
//	nearest.go      the name that was most likely meant
//	rules.go        what the rules are
//	manifest.go     what a manifest is
package capsule

import (
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
)

// Manifest is one Capsule.toml. It must not be changed after Parse or Load
// returned it, and may then be used concurrently.
type Manifest struct {
	Path, Dir string // the file, and the folder it lies in

	Package      Package
	Components   []Component
	Capabilities Capabilities // the root's, with every component's lists added
	Imports      []Import
	Exports      []Export
	Publish      []Topic
	Subscribe    []Topic
	Env          []EnvVar
	Commands     []Command
	Tools        []Tool
	ContextFiles []ContextFile
	MCPServers   []MCPServer
	Uplinks      []Uplink
	Dev          Settings

	text *text
}

// text is a manifest's file. What is in it and where is ten times as large and rarely asked, so that it is
// read again for that: a thousand manifests are held by a watch.
type text struct {
	file string // its name
	data []byte

	once sync.Once
	doc  *tomldoc.Document
}

// document is the file as it is read; empty where it is no TOML.
func (t *text) document() *tomldoc.Document {
	t.once.Do(func() {
		if t.doc, _ = tomldoc.Parse(t.file, t.data); t.doc == nil {
			t.doc = tomldoc.Empty(t.file)
		}
	})
	return t.doc
}

// Package is the table [package].
type Package struct {
	Name, Version, Description          string
	Authors                             []string
	Repository, Homepage, Documentation string
	License, LicenseFile, Readme        string
	Keywords, Categories                []string
	AstridVersion                       string // a Cargo-style requirement, "" for none
	Publish                             bool   // true unless the manifest says false
	Include, Exclude                    []string
}

// Component is one [[component]]: a module that is built and published at File.
type Component struct {
	ID           string
	File         string // slash path below the capsule's folder
	Hash         string // declared BLAKE3 in hex, "" for none
	Type         string // "executable" or "library"
	Link         []string
	Capabilities *Capabilities // its own, nil for none
	Output       string        // from our settings: where its build leaves it, "" for nowhere in particular
}

// Capabilities is what a capsule asks of the system.
type Capabilities struct {
	Uplink, AllowPersistent, AllowPromptInjection                        bool
	Net, KV, FSRead, FSWrite, HostProcess, NetBind, NetConnect, Identity []string
	BindWorkers                                                          int
}

// Import is an interface that the capsule needs.
type Import struct {
	Namespace, Name, Requirement string
	Optional                     bool
	Key                          []string // for Manifest.Position
}

// Export is an interface that the capsule provides.
type Export struct {
	Namespace, Name, Version string
	Key                      []string // for Manifest.Position
}

// Topic is an entry of [publish] or [subscribe].
type Topic struct {
	Pattern                         string
	Wit                             string // "opaque" for an untyped payload
	Version, Tag, Rev, Branch, Path string
	Fanout                          bool     // [publish] only
	Handler                         string   // [subscribe] only, "" for none
	Priority                        int      // lower fires first; 100 where the manifest says nothing
	Key                             []string // for Manifest.Position
}

// EnvVar is an entry of [env]: a value that the user is asked for.
type EnvVar struct {
	Name, Type, Request, Description, Placeholder string
	Default                                       any // as TOML has it, nil for none
	EnumValues                                    []string
	OptionsFrom                                   *OptionsFrom
	Key                                           []string // for Manifest.Position
}

// OptionsFrom says where the choices of a select come from.
type OptionsFrom struct {
	HTTP, Bearer, Select string
	After                []string
}

// Command is one [[command]].
type Command struct{ Name, Description, File, Kind string }

// Tool is one [[tool]].
type Tool struct {
	Name, Description, InputSchema string
	Mutable                        bool
}

// ContextFile is one [[context_file]].
type ContextFile struct{ Name, File string }

// MCPServer is one [[mcp_server]].
type MCPServer struct {
	ID, Description, Type, Command string
	Args                           []string
}

// Uplink is one [[uplink]].
type Uplink struct{ Name, Platform, Profile string }

// Settings is our own table, [package.metadata.astrid-dev]. The zero value of
// each field means that the manifest does not say.
type Settings struct {
	Toolchain  string            // "" is detected by marker files
	Build      []string          // argv, no shell
	Output     string            // where Build leaves the module, slash path below the capsule; also in Component.Output
	Inputs     []string          // more inputs, relative to the capsule
	Ignore     []string          // gitignore patterns
	Profile    string            //
	Env        map[string]string //
	Timeout    time.Duration     // of one build
	Wrap       Wrap
	TraceReads bool // what the build reads is learned from its system calls
	Smoke      Smoke
	Runtime    []string          // releases of the runtime that must all take the capsule
	Var        map[string]string // values for [env] where the real runtime is asked; each is one of Manifest.Env

	RequireTests bool // a test that fails keeps the module from being published
}

// Wrap says how a core module becomes a component. The zero value wraps when
// the module carries its world, without any tool.
type Wrap struct {
	Off  bool
	Argv []string
}

// Smoke bounds the smoke load.
type Smoke struct {
	Memory  uint64 // bytes of guest memory
	Timeout time.Duration
	Call    []string // actions to give to the guest's trigger, such as a handler's name
}

// Buildable reports whether there is anything to build. A manifest without
// components (an MCP server, static files) is sound, and only checked.
func (m *Manifest) Buildable() bool { return len(m.Components) > 0 }

// Position is the 1-based line and column of a key: "package", "version" or
// "component[0]", "file". For a key that is not there it is that of the
// closest table around it.
func (m *Manifest) Position(key ...string) (line, column int) {
	return m.Document().Position(key...)
}

// Document is the file itself, for reading what Manifest leaves out.
func (m *Manifest) Document() *tomldoc.Document { return m.text.document() }

// Files are where modules are published: slash paths below Dir.
func (m *Manifest) Files() (list []string) {
	for _, c := range m.Components {
		list = append(list, c.File)
	}
	return list
}

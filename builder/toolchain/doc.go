// Package toolchain knows how each language builds a capsule.
//
// For looks at a capsule and makes its recipe: which command builds it, in which
// environment, what else that command reads, how to understand its complaints
// and where it leaves its modules. It starts nothing but the tools' own version
// queries, and those only once for each tool.
//
// The files call one way, from top to bottom:
//
//	doctor.go           which tools this machine has
//	rust_sdk.go         which release of the SDK a crate has
//	told.go             what a build itself said that it read
//	toolchain.go        the recipe of a capsule
//	detect.go           the table of languages, and which one builds a capsule
//	rust.go             Rust
//	rust_others.go      crates of other toolchains' builds
//	rust_complaints.go  what cargo complains of in words
//	rust_artifacts.go   where cargo leaves its modules
//	rust_json.go        cargo's messages
//	rust_rustup.go      a toolchain that rustup does not have
//	make.go             C and C++, by make
//	command.go          a command of the manifest's own, and the command of any build
//	assemblyscript.go   AssemblyScript
//	script.go           JavaScript and TypeScript, by a script of package.json
//	script_lines.go     how their tools complain
//	golang.go           Go, and TinyGo
//	golang_lines.go     how the Go tools complain
//	golang_outside.go   what a Go module reads
//	golang_known.go     and whether the go command has to be asked for it
//	rust_outside.go     what a crate reads
//	rust_debug.go       a crate's module, sooner
//	rust_flags.go       a crate's profile and flags
//	zig.go              Zig
//	python_lines.go     how a script in Python complains
//	lines.go            complaints of compilers, line by line
//	trace.go            what a build's system calls tell that it read
//	wrap.go             the manifest's own wrapper
//	identity.go         what decides what a build makes, besides files
//	version.go          what tools say of their versions
//	rests.go            which files decide what a tool says
//	query.go            a tool is asked
//	install.go          how a tool is installed
//	install_*.go        the package managers of a system
//	path.go             where a program lies
//	env.go              the environment of a build
//	path_*.go           what can be run on a system
//	config_*.go         where a system keeps configuration
//	collect.go          modules that a build left
//	problem.go          faults that the author can mend
//	files.go            what lies in a folder
package toolchain

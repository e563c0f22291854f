package toolchain

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
)

// examined is what Doctor looks for: a program, the question that it answers
// with its version, and what it is for.
var examined = []struct{ program, question, use string }{
	{"go", "version", "Go capsules"},
	{"cargo", "--version", "Rust capsules"},
	{"rustc", "--version", "Rust capsules"},
	{"node", "--version", "JavaScript and AssemblyScript capsules"},
	{"npm", "--version", "JavaScript capsules"},
	{"clang", "--version", "C capsules"},
	{"wasm-ld", "--version", "C capsules"},
	{"make", "--version", "C capsules"},
	{"tinygo", "version", "Go capsules that ask for TinyGo, which astrid-dev is tested with a stand-in for only"},
	{"zig", "version", "Zig capsules"},
	{"wasm-tools", "--version", "making components of core modules"},
}

// Doctor tells which tools env's PATH has and in which version, how to install
// those that it lacks, and whether its Rust can build for wasm. Tools that are
// there and tools that are not are notes, since nobody needs all of them; a
// Rust that cannot build a capsule is a warning.
func Doctor(ctx context.Context, env []string) []finding.Finding {
	j := &job{Request: Request{Manifest: &capsule.Manifest{}, Jobs: 1}, dir: cargo.UserHome(environ(env).lookup), env: env}
	var list []finding.Finding
	for _, tool := range examined {
		program := lookPath(tool.program, "", j.env)
		if program == "" {
			f := missing(tool.program, j.env)
			f.Severity, f.Message = finding.Note, fmt.Sprintf("%s is not in PATH: %s", tool.program, tool.use)
			list = append(list, f)
			continue
		}
		version, ok := question{dir: j.dir, env: j.env, argv: []string{program, tool.question}}.asked(ctx)
		if !ok {
			list = append(list, finding.Finding{Code: finding.ToolSilent, Severity: finding.Warning, Message: fmt.Sprintf("%s does not answer %s %s", program, tool.program, tool.question),
				Hint: "run it by hand and read what it says"})
			continue
		}
		first, _, _ := strings.Cut(version, "\n")
		list = append(list, finding.Finding{Code: finding.ToolFound, Severity: finding.Note, Message: fmt.Sprintf("%s: %s (%s)", tool.program, strings.TrimSpace(first), program)})
	}
	return append(list, doctorRust(ctx, j)...)
}

// doctorRust looks at the situation that costs Rust authors most: the Rust that
// stands first in PATH, rustup's as a rule, has no standard library for wasm,
// while another one further back has it.
func doctorRust(ctx context.Context, j *job) []finding.Finding {
	c := &crate{job: j, files: cargo.Read(j.dir, j.env.lookup), target: cargo.UnknownTarget}
	rustc, _ := c.rustc(ctx)
	program := lookPath("cargo", "", j.env)
	if rustc == "" || program == "" {
		return nil
	}
	var list []finding.Finding
	if err, ok := c.hasTarget(rustc).(*finding.Failure); ok {
		f := err.Findings[0]
		f.Severity = finding.Warning
		list = append(list, f)
	}
	if filepath.Dir(rustc) != filepath.Dir(program) {
		list = append(list, finding.Finding{Code: finding.RustMixed, Severity: finding.Warning,
			Message: fmt.Sprintf("cargo is %s, and the rustc that it will run is %s", program, rustc), Hint: "put one folder that has both first in PATH"})
	}
	return list
}

package toolchain

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// syntax is how a family of tools writes a complaint: a pattern with the named
// groups file, line, column, severity, code and message, each optional.
type syntax struct {
	pattern *regexp.Regexp
	// next completes a complaint from the lines after its first; nil: there are none.
	// It returns how many lines it used.
	next func(f *finding.Finding, lines []string) int
}

// plain is output without colours and carriage returns.
func plain(out []byte) string { return strings.ReplaceAll(text.Strip(string(out)), "\r\n", "\n") }

// gnuSyntax is that of clang, gcc, lld, zig and make.
var gnuSyntax = syntax{pattern: regexp.MustCompile(
	`^(?P<file>(?:[A-Za-z]:[\\/])?[^\s:][^:]*):(?P<line>\d+):(?:(?P<column>\d+):)? (?P<severity>fatal error|error|warning|note): (?P<message>.+)$` +
		`|^(?:wasm-ld|lld|clang|ld|zig)(?:\+\+)?(?:-\d+)?: (?P<severity>error|warning): (?P<message>.+)$` +
		`|^(?P<file>[^\s:]+):(?P<line>\d+): \*\*\* (?P<message>.+?)(?:\.  Stop\.)?$`)}

// typescriptSyntax is that of tsc, with and without its pretty form.
var typescriptSyntax = syntax{pattern: regexp.MustCompile(
	`^(?P<file>[^\s(][^(]*)\((?P<line>\d+),(?P<column>\d+)\): (?P<severity>error|warning) (?P<code>TS\d+): (?P<message>.+)$` +
		`|^(?P<file>[^\s:][^:]*):(?P<line>\d+):(?P<column>\d+) - (?P<severity>error|warning) (?P<code>TS\d+): (?P<message>.+)$` +
		`|^(?P<severity>error) (?P<code>TS\d+): (?P<message>.+)$`)}

// readLines finds complaints in what a build wrote. Names in it are relative to
// dir; findings name files relative to capsule.
func readLines(capsule, dir string, syntaxes []syntax, outputs ...[]byte) []finding.Finding {
	var list []finding.Finding
	for _, out := range outputs {
		lines := strings.Split(plain(out), "\n")
		for i := 0; i < len(lines); i++ {
			f, s, ok := readLine(strings.TrimSuffix(lines[i], "\r"), syntaxes)
			if !ok {
				continue
			}
			if s.next != nil {
				i += s.next(&f, lines[i+1:])
			}
			if f.File == "" && strings.HasSuffix(f.Message, ":") {
				continue // a heading: what it is about follows with a line of its own
			}
			f.File = relative(capsule, dir, f.File)
			list = append(list, f)
		}
	}
	return unique(list)
}

func readLine(line string, syntaxes []syntax) (finding.Finding, syntax, bool) {
	for _, s := range syntaxes {
		match := s.pattern.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		var f finding.Finding
		for i, name := range s.pattern.SubexpNames() {
			if match[i] != "" {
				fill(&f, name, match[i])
			}
		}
		return f, s, true
	}
	return finding.Finding{}, syntax{}, false
}

func fill(f *finding.Finding, group, text string) {
	switch group {
	case "file":
		f.File = text
	case "line":
		f.Line, _ = strconv.Atoi(text) // digits by the pattern; too many are an unknown line
	case "column":
		f.Column, _ = strconv.Atoi(text)
	case "severity":
		f.Severity = severity(text)
	case "code":
		f.Code = finding.Code(text)
	case "message":
		f.Message = strings.TrimSpace(text)
	}
}

func severity(word string) finding.Severity {
	switch strings.ToLower(word) {
	case "warning":
		return finding.Warning
	case "note", "help", "info":
		return finding.Note
	}
	return finding.Error
}

// relative makes a tool's file name, relative to dir, one relative to capsule
// where it lies below it, else absolute.
func relative(capsule, dir, name string) string {
	if name == "" {
		return ""
	}
	name = filepath.FromSlash(name)
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	} else if !isFile(name) {
		name = unboxed(dir, name)
	}
	for _, base := range []string{capsule, resolved(capsule)} { // many tools name folders without links
		if rel, err := filepath.Rel(base, name); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	return name
}

// unboxed is the file below dir that a tool in a sandbox calls name: QuickJS sees the folder as the root, componentize-py those that it
// is given with -p as /0, /1 and so on. Where there is no such file, or several, it is name.
func unboxed(dir, name string) string {
	rest := strings.TrimLeft(filepath.ToSlash(name), "/")
	if inner := filepath.Join(dir, rest); isFile(inner) {
		return inner
	}
	number, rest, _ := strings.Cut(rest, "/")
	if _, err := strconv.Atoi(number); err != nil || rest == "" {
		return name
	}
	if inner := filepath.Join(dir, rest); isFile(inner) {
		return inner
	}
	if found, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(dir), "*", fsys.EscapeGlob(rest))); len(found) == 1 {
		return found[0]
	}
	return name
}

// noTool matches what shells and make say of a program that is not there.
var noTool = regexp.MustCompile(`(?m)^make(?:\[\d+\])?: (\S+): No such file or directory$|^(?:/bin/)?(?:ba|da|z)?sh: (?:line )?(?:\d+: )?(\S+?): (?:command )?not found$`)

// missingTools makes findings of the programs that a build did not find.
func missingTools(stderr []byte, env environ) []finding.Finding {
	var list []finding.Finding
	for _, m := range noTool.FindAllStringSubmatch(plain(stderr), -1) {
		list = append(list, missing(m[1]+m[2], env))
	}
	return list
}

// unique drops repetitions and keeps the order.
func unique(list []finding.Finding) []finding.Finding {
	seen := map[finding.Finding]bool{}
	var out []finding.Finding
	for _, f := range list {
		if !seen[f] {
			seen[f] = true
			out = append(out, f)
		}
	}
	return out
}

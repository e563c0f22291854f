package toolchain

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// esbuildSyntax is that of esbuild: the place stands below the message.
var esbuildSyntax = syntax{
	pattern: regexp.MustCompile(`^[✘▲] \[(?P<severity>ERROR|WARNING)\] (?P<message>.+)$`),
	next: func(f *finding.Finding, lines []string) int {
		return placeBelow(f, lines, esbuildPlace)
	},
}

// nodeSyntax is that of JavaScript's own errors, in Node as in QuickJS and
// StarlingMonkey: a message, then a stack whose first frame is the place, or
// before it, for a syntax error, a line with the place alone.
var nodeSyntax = syntax{
	pattern: regexp.MustCompile(`^(?:Uncaught |\(jco componentize\) )?(?:[A-Z]\w*)?Error(?: \[\w+\])?: (?P<message>.+)$` +
		`|^(?:file://)?(?P<file>(?:/|[A-Za-z]:[\\/])[^:]*):(?P<line>\d+)$`),
	next: nodeNext,
}

var (
	esbuildPlace = regexp.MustCompile(`^\s+(\S[^:]*):(\d+):(\d+):$`)
	nodeFrame    = regexp.MustCompile(`^\s+at (?:.*\()?(?:file://)?([^():]+|[A-Za-z]:[^():]+):(\d+):(\d+)\)?$`)
	nodeMessage  = regexp.MustCompile(`^(?:[A-Z]\w*)?Error(?: \[\w+\])?: (.+)$`)
)

// frameLines is how far below a message its place may stand: a stack's first
// frames may be the engine's own.
const frameLines = 12

func nodeNext(f *finding.Finding, lines []string) int {
	if f.Message == "" { // the place came first
		for i, line := range lines[:min(len(lines), frameLines)] {
			if m := nodeMessage.FindStringSubmatch(line); m != nil {
				f.Message = m[1]
				return i + 1
			}
		}
		f.Message = "the script failed here"
		return 0
	}
	f.Message = strings.TrimPrefix(f.Message, ": ")
	return placeBelow(f, lines, nodeFrame)
}

// placeBelow takes f's place from the first of lines that matches.
func placeBelow(f *finding.Finding, lines []string, place *regexp.Regexp) int {
	for i, line := range lines[:min(len(lines), frameLines)] {
		m := place.FindStringSubmatch(line)
		if m == nil || strings.HasPrefix(m[1], "node:") || strings.Contains(m[1], "node_modules") {
			continue
		}
		f.File = m[1]
		f.Line, _ = strconv.Atoi(m[2])
		f.Column, _ = strconv.Atoi(m[3])
		return i + 1
	}
	return 0
}

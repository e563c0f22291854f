package toolchain

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// pythonSyntax is that of Python's tracebacks, and of its syntax errors, which have none. The place is
// the last frame that is not in Python's own library or in a package.
var pythonSyntax = syntax{
	pattern: regexp.MustCompile(`^(?:  \+ Exception Group )?Traceback \(most recent call last\):$|^  File "(?P<file>[^"<][^"]*)", line (?P<line>\d+)$`),
	next:    func(f *finding.Finding, lines []string) int { return pythonNext(f, lines, false) },
}

// Made when first needed, as most builds run no Python.
var (
	pythonBegin  = late(`^(?:  \+ Exception Group )?Traceback \(most recent call last\):$`)
	pythonFrame  = late(`^  File "([^"<][^"]*)", line (\d+)(?:, in .+)?$`)
	pythonError  = late(`^[A-Za-z_][\w.]*(?:: .*)?$`)
	pythonChain  = late(`^(?:During handling of the above exception, another exception occurred|The above exception was the direct cause of the following exception):$`)
	pythonOthers = late(`[/\\](?:site-packages|dist-packages|lib[/\\]python3[^/\\]*)[/\\]`)
	pythonScript = late(`[/\\](?:bin|Scripts)[/\\][^/\\]+$`)
	pythonGroup  = late(`^ +(?:\| |\+-)`)
	// What others write behind a message that has several lines: the next complaint, and what made Python run.
	pythonAfter = late(`^$|^(?:  \+ Exception Group )?Traceback \(|^  File "|^\S[^:]*:\d+(?::\d+)?: |^error: |^(?:g?make|ninja|npm|pnpm|yarn|just|(?:/bin/)?(?:ba|da|z)?sh)(?:\[\d+\])?[: ]`)
)

// messageLines is how many lines of a message are kept: all of what a person writes.
const messageLines = 20

// late is a pattern that is compiled when it is first asked for.
func late(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// pythonNext reads to the exception that ended the program: where one was raised while another was handled that is the last.
// inner: it is another Python's complaint, in the message of an exception, as componentize-py has it of the one in its sandbox.
func pythonNext(f *finding.Finding, lines []string, inner bool) (used int) {
	for i, line := range lines {
		line, group := strings.CutPrefix(line, "  | ") // of an exception group
		switch m := pythonFrame().FindStringSubmatch(line); {
		case m != nil && pythonEntry(m[1], lines[i+1:]):
		case m != nil && (f.File == "" || !pythonOthers().MatchString(m[1]) && !(inner && strings.HasPrefix(m[1], "/python/"))):
			f.File = m[1]
			f.Line, _ = strconv.Atoi(m[2])
		case pythonError().MatchString(line):
			f.Message = line
			if group {
				return i + 1 + pythonParts(f, lines[i+1:])
			}
			return i + 1 + pythonRaised(f, lines[i+1:], inner)
		case line != "" && !strings.HasPrefix(line, " "):
			return givenUp(f, i)
		}
	}
	return givenUp(f, len(lines))
}

// pythonEntry reports whether a frame is in the script that an installer wrote for a program, which is nobody's source.
func pythonEntry(file string, next []string) bool {
	return pythonScript().MatchString(file) && len(next) > 0 && strings.HasPrefix(strings.TrimSpace(next[0]), "sys.exit(")
}

// pythonRaised reads the exception whose first line is f's message; rest are the lines after it.
func pythonRaised(f *finding.Finding, rest []string, inner bool) (used int) {
	name, message, _ := strings.Cut(f.Message, ": ")
	if frame := pythonFrame().FindStringSubmatch(message); frame != nil || pythonBegin().MatchString(message) {
		*f = finding.Finding{}
		if frame != nil {
			f.File = frame[1]
			f.Line, _ = strconv.Atoi(frame[2])
		}
		return pythonNext(f, rest, true)
	}
	if f.File == "" && name == "AssertionError" && message != "" {
		f.Message = message // componentize-py calls every failure so
	}
	for used < min(len(rest), messageLines) && !pythonAfter().MatchString(rest[used]) {
		f.Message += "\n" + strings.TrimRight(rest[used], " ")
		used++
	}
	if after := rest[used:]; len(after) > 3 && after[0] == "" && pythonChain().MatchString(after[1]) {
		*f = finding.Finding{}
		return used + 4 + pythonNext(f, after[4:], inner)
	}
	return used
}

// pythonParts reads what follows the first line of an exception group: the rest of its message, and the exceptions in it.
func pythonParts(f *finding.Finding, lines []string) (used int) {
	for kept := 0; used < len(lines) && pythonGroup().MatchString(lines[used]); used++ {
		part := strings.TrimPrefix(strings.TrimLeft(lines[used], " "), "| ")
		if kept < messageLines && !strings.HasPrefix(part, " ") && !strings.HasPrefix(part, "+-") && !pythonBegin().MatchString(part) {
			f.Message += "\n" + part
			kept++
		}
	}
	return used
}

// givenUp is a traceback without its end.
func givenUp(f *finding.Finding, used int) int {
	f.Message = "the script failed here"
	return used
}

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
	next:    pythonNext,
}

// Made when first needed, as most builds run no Python.
var (
	pythonFrame  = late(`^  File "([^"<][^"]*)", line (\d+)(?:, in .+)?$`)
	pythonError  = late(`^[A-Za-z_][\w.]*(?:: .*)?$`)
	pythonChain  = late(`^(?:During handling of the above exception, another exception occurred|The above exception was the direct cause of the following exception):$`)
	pythonOthers = late(`[/\\](?:site-packages|dist-packages|lib[/\\]python3[^/\\]*)[/\\]`)
)

// late is a pattern that is compiled when it is first asked for.
func late(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// pythonNext reads to the exception that ended the program: where one was raised while another was handled that is the last.
func pythonNext(f *finding.Finding, lines []string) (used int) {
	for i, line := range lines {
		line = strings.TrimPrefix(line, "  | ") // of an exception group
		switch m := pythonFrame().FindStringSubmatch(line); {
		case m != nil && (f.File == "" || !pythonOthers().MatchString(m[1])):
			f.File = m[1]
			f.Line, _ = strconv.Atoi(m[2])
		case pythonError().MatchString(line):
			f.Message = line
			if rest := lines[i+1:]; len(rest) > 3 && rest[0] == "" && pythonChain().MatchString(rest[1]) {
				*f = finding.Finding{}
				return i + 5 + pythonNext(f, rest[4:])
			}
			return i + 1
		case line != "" && !strings.HasPrefix(line, " "):
			return givenUp(f, i)
		}
	}
	return givenUp(f, len(lines))
}

// givenUp is a traceback without its end.
func givenUp(f *finding.Finding, used int) int {
	f.Message = "the script failed here"
	return used
}

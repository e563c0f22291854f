package toolchain

import (
	"regexp"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// goSyntax is that of the compiler, vet, the module loader and the linker. A
// message goes on in the lines that begin with a tab.
var goSyntax = syntax{
	pattern: regexp.MustCompile(
		`^(?P<file>(?:[A-Za-z]:[\\/])?[^\s:]?[^:]*\.(?:go|s|mod|work|sum)):(?P<line>\d+):(?:(?P<column>\d+):)? (?P<message>.+)$` +
			`|^go: (?P<message>(?:errors parsing|cannot|module|updates to|inconsistent|no |go\.mod|missing|unknown|-|.+: ).*)$` +
			`|^(?:link: |/.*/link: )(?P<message>.+)$`),
	next: goNext,
}

// goProgress are lines of the go command that only tell what it does.
var goProgress = regexp.MustCompile(`^(downloading|finding|extracting|added|upgraded|found|creating new|to add module requirements) `)

func goNext(f *finding.Finding, lines []string) int {
	if f.File == "" && goProgress.MatchString(f.Message) {
		f.Severity = finding.Note
	}
	used := 0
	for used < len(lines) && strings.HasPrefix(lines[used], "\t") {
		f.Message += "\n" + strings.TrimSpace(lines[used])
		used++
	}
	if strings.HasSuffix(f.Message, ":") && f.File == "" && used == 0 && len(lines) > 0 {
		return 0 // "go: errors parsing go.mod:", the place follows with a line of its own
	}
	return used
}

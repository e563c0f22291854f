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
			`|^go: (?:(?P<severity>warning): )?(?P<message>(?:cannot|module|updates to|inconsistent|no |go\.mod|missing|unknown|-|.+: ).*)$` +
			`|^(?P<message>(?:(?:found packages|no Go files in|pattern) |-buildmode=).+)$` +
			`|^(?:link: |/.*/link: )(?P<message>.+)$`),
	next: goNext,
}

func goNext(f *finding.Finding, lines []string) int {
	used := 0
	for used < len(lines) && strings.HasPrefix(lines[used], "\t") {
		f.Message += "\n" + strings.TrimSpace(lines[used])
		used++
	}
	return used
}

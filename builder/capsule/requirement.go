package capsule

import (
	"regexp"
	"strings"
)

// number is a part of a version: no leading zeros.
const number = `(?:0|[1-9][0-9]*)`

// comparator is one part of a Cargo-style requirement, between commas.
var comparator = regexp.MustCompile(`^ *(?:=|>=|>|<=|<|~|\^)? *` + number +
	`(?:\.(?:[*xX](?:\.[*xX])?|` + number + `(?:\.(?:[*xX]|` + number +
	`(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?))?))? *$`)

// maxComparators is the limit of the runtime's own parser.
const maxComparators = 32

// requirementFault says why s is no Cargo-style requirement, or "" when it is
// one. The grammar is narrower than that of semver libraries for Go: || and
// blanks between comparators, for instance, are not in it.
func requirementFault(s string) string {
	if strings.TrimSpace(s) == "" {
		return "it is empty"
	}
	if only := strings.Trim(s, " "); only == "*" || only == "x" || only == "X" {
		return ""
	}
	if strings.Contains(s, "||") {
		return "alternatives (||) are not known, only commas"
	}
	parts := strings.Split(s, ",")
	if len(parts) > maxComparators {
		return "it has more than 32 parts"
	}
	for _, part := range parts {
		if !comparator.MatchString(part) {
			return "do not understand \"" + strings.TrimSpace(part) + "\""
		}
	}
	return ""
}

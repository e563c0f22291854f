package finding

import (
	"slices"
	"strings"
)

// Code names one kind of fault: stable, lower case with dashes, as "manifest-unknown-key".
// Those that astrid-dev gives itself are the constants here, and Codes describes them; a
// compiler's diagnostic has the compiler's own ("E0308") or none.
type Code string

// Part is the part of the program that gives a code first; others may give it as well.
type Part string

// The parts, as check --list names them.
const (
	PartManifest Part = "manifest" // reading Capsule.toml
	PartCheck    Part = "check"    // what else check looks at
	PartBuild    Part = "build"    // toolchains, the build, publishing
	PartSmoke    Part = "smoke"    // the load, and the verdict for the kernel
	PartVerify   Part = "verify"   // what only verify compares
	PartReport   Part = "report"   // what stands in a report for a message without a code
	PartWatch    Part = "watch"    // warnings of watch, and doctor
)

// Rule describes a code, for people and for the formats of reports.
type Rule struct {
	Code     Code       `json:"code"`
	Severity Severity   `json:"severity"` // what findings of this code usually have
	Summary  string     `json:"summary"`  // one sentence, lower case, no full stop
	Example  string     `json:"example"`  // what brings it about, or looks like it
	Remedy   string     `json:"remedy"`   // what to do about it in general
	Fixable  bool       `json:"fixable"`  // check --fix can mend it, if not in every case
	Part     Part       `json:"part"`
	Else     []Severity `json:"other_severities,omitempty"` // what they can have as well
	Was      []Code     `json:"was,omitempty"`              // names that it had before, which filters may still have
}

// rules is the table by code.
var rules = func() map[Code]Rule {
	byCode := make(map[Code]Rule, len(table))
	for _, r := range table {
		byCode[r.Code] = r
	}
	return byCode
}()

// Rule returns the description of c, and false where c is no code of ours.
func (c Code) Rule() (Rule, bool) {
	r, ok := rules[c]
	return r, ok
}

// Codes describes every code, by name. The caller owns the slice.
func Codes() []Rule {
	list := slices.Clone(table)
	slices.SortFunc(list, func(a, b Rule) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return list
}

// Severities is the usual severity and then what else findings of the code can have:
// "error" or "error or warning".
func (r Rule) Severities() string {
	words := []string{r.Severity.String()}
	for _, s := range r.Else {
		words = append(words, s.String())
	}
	return strings.Join(words, " or ")
}

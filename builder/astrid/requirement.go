package astrid

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Satisfies reports whether the release takes a manifest's astrid-version. A text that is
// no requirement is met by none.
func (r *Release) Satisfies(requirement string) bool { return satisfies(r.semver, requirement) }

// satisfies is the runtime's own rule (crate astrid-capsule-types, runtime_compatibility.rs):
// the requirement is Cargo's, and one that names no prerelease is held against the
// version's three numbers alone. The library for Go has other rules for what is left out.
func satisfies(v *semver.Version, requirement string) bool {
	list, ok := parse(requirement)
	if !ok {
		return false
	}
	if !slices.ContainsFunc(list, func(c comparator) bool { return c.pre != "" }) {
		v = semver.New(v.Major(), v.Minor(), v.Patch(), "", "")
	}
	for _, c := range list {
		if !c.matches(v) {
			return false
		}
	}
	return v.Prerelease() == "" || slices.ContainsFunc(list, func(c comparator) bool { return c.names(v) })
}

// comparator is one part of a requirement.
type comparator struct {
	op    string
	parts []uint64 // one to three numbers: what is left out is free
	pre   string
}

const (
	number     = `(0|[1-9][0-9]*)`
	prerelease = `(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`
	build      = `[0-9A-Za-z-]+`
)

// form is the grammar of one comparator (crate semver, parse.rs).
var form = regexp.MustCompile(`^ *(=|>=|>|<=|<|~|\^)? *` + number +
	`(?:\.(?:([*xX])(?:\.[*xX])?|` + number + `(?:\.(?:([*xX])|` + number +
	`(?:-(` + prerelease + `(?:\.` + prerelease + `)*))?(?:\+` + build + `(?:\.` + build + `)*)?))?))? *$`)

// mostComparators is what the crate parses.
const mostComparators = 32

// parse takes a requirement apart. One without comparators is met by everything.
func parse(requirement string) ([]comparator, bool) {
	switch strings.Trim(requirement, " ") {
	case "*", "x", "X":
		return nil, true
	}
	parts := strings.Split(requirement, ",")
	if len(parts) > mostComparators {
		return nil, false
	}
	var list []comparator
	for _, part := range parts {
		m := form.FindStringSubmatch(part)
		if m == nil {
			return nil, false
		}
		c := comparator{op: m[1], pre: m[7]}
		for _, digits := range []string{m[2], m[4], m[6]} {
			if digits == "" {
				break
			}
			n, err := strconv.ParseUint(digits, 10, 64)
			if err != nil {
				return nil, false
			}
			c.parts = append(c.parts, n)
		}
		if wild := m[3] + m[5]; c.op == "" && wild != "" {
			c.op = "="
		} else if c.op == "" {
			c.op = "^"
		}
		list = append(list, c)
	}
	return list, true
}

// matches is the rule of each operator (crate semver, eval.rs).
func (c comparator) matches(v *semver.Version) bool {
	order := c.compare(v)
	// A prerelease lies neither within, nor above, nor below a version that is given in part.
	within := order == 0 && (len(c.parts) == 3 || v.Prerelease() == "")
	switch c.op {
	case "=":
		return within
	case ">":
		return order > 0
	case ">=":
		return within || order > 0
	case "<":
		return order < 0
	case "<=":
		return within || order < 0
	case "~":
		return c.same(v, 2) && (within || order > 0)
	}
	return c.same(v, c.fixed()) && order >= 0
}

// compare says where v lies to the parts that the comparator names.
func (c comparator) compare(v *semver.Version) int {
	have := []uint64{v.Major(), v.Minor(), v.Patch()}[:len(c.parts)]
	if order := slices.Compare(have, c.parts); order != 0 || len(c.parts) < 3 {
		return order
	}
	return v.Compare(semver.New(c.parts[0], c.parts[1], c.parts[2], c.pre, ""))
}

// same reports whether the first n numbers are equal, as far as they are named.
func (c comparator) same(v *semver.Version, n int) bool {
	n = min(n, len(c.parts))
	return slices.Equal([]uint64{v.Major(), v.Minor(), v.Patch()}[:n], c.parts[:n])
}

// fixed is how many numbers a caret holds fast: up to the first that is not 0.
func (c comparator) fixed() int {
	for i, n := range c.parts {
		if n != 0 {
			return i + 1
		}
	}
	return len(c.parts)
}

// names reports whether the comparator speaks of prereleases of this very version: without
// that none is taken.
func (c comparator) names(v *semver.Version) bool {
	return c.pre != "" && slices.Equal([]uint64{v.Major(), v.Minor(), v.Patch()}, c.parts)
}

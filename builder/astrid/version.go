package astrid

import (
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Satisfies reports whether the release meets a manifest's astrid-version requirement. A
// requirement without a pre-release is compared with the release's three numbers (crate
// astrid-capsule-types, runtime_compatibility.rs). One that cannot be parsed is met by none.
func (r *Release) Satisfies(requirement string) bool {
	c, err := semver.NewConstraint(cargoStyle(requirement))
	return err == nil && c.Check(r.semver)
}

// cargoStyle writes a requirement as cargo means it for this module: a bare version is a caret.
func cargoStyle(requirement string) string {
	parts := strings.Split(requirement, ",")
	for i, p := range parts {
		p = strings.TrimSpace(p)
		if p != "" && p[0] >= '0' && p[0] <= '9' && !strings.ContainsAny(p, "*xX") {
			p = "^" + p
		}
		parts[i] = p
	}
	return strings.Join(parts, ", ")
}

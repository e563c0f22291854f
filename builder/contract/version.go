package contract

import (
	"fmt"

	"github.com/Masterminds/semver/v3"
)

// Needed is the lowest version that may follow was after these changes, as cargo and npm count:
// what breaks others asks for the next major version, before 1.0.0 for the next minor one; what
// only adds asks for the next minor version, before 1.0.0 for the next patch. "" is any from was on.
func Needed(was string, changes []Change) (string, error) {
	v, err := semver.NewVersion(was)
	if err != nil {
		return "", fmt.Errorf("the version %q: %w", was, err)
	}
	worst := Nothing
	for _, c := range changes {
		worst = max(worst, c.Level)
	}
	var next semver.Version
	switch {
	case worst == Nothing:
		return "", nil
	case worst == Breaking && v.Major() > 0:
		next = v.IncMajor()
	case worst == Breaking || v.Major() > 0:
		next = v.IncMinor()
	default:
		next = v.IncPatch()
	}
	return next.String(), nil
}

// Enough reports whether is may follow was where needed is asked for.
func Enough(is, was, needed string) bool {
	v, err := semver.NewVersion(is)
	if err != nil {
		return false
	}
	least := needed
	if least == "" {
		least = was
	}
	low, err := semver.NewVersion(least)
	return err == nil && !v.LessThan(low)
}

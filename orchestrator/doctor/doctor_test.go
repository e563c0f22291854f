package doctor

import (
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

// An unknown file system is said to be one, not called by a number and praised.
func TestDoctorUnknownFileSystem(t *testing.T) {
	for kind, want := range map[string]string{
		"0x12345678": "x lies on an unknown file system 0x12345678",
		"":           "x lies on an unknown file system",
	} {
		f := aboutFileSystem("x", kind, true)
		if f.Message != want || f.Hint != "if edits are not seen, use --poll" {
			t.Errorf("%q: %q, help %q", kind, f.Message, f.Hint)
		}
	}
}

// Where there is no limit of watches, none is exceeded.
func TestAboutLimits(t *testing.T) {
	for limits, severity := range map[watcher.InotifyLimits]finding.Severity{
		{}: finding.Note, {Watches: 8, Instances: 1}: finding.Note, {Watches: 7, Instances: 1}: finding.Warning,
	} {
		if f := aboutLimits(8, limits); f.Severity != severity {
			t.Errorf("8 folders and %+v: %s: %s", limits, f.Severity, f.Message)
		}
	}
}

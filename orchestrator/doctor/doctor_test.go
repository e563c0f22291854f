package doctor

import "testing"

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

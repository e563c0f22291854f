package cargo

import "testing"

func TestCfg(t *testing.T) {
	for expression, want := range map[string]bool{
		`target_arch = "wasm32"`: true, `target_arch="x86"`: false, `unix`: false, `not(unix)`: true, `any(unix, target_os = "unknown")`: true,
		`all()`: true, `any()`: false, `all(not(any(windows, unix)), target_pointer_width = "32")`: true,
		`all(`: false, ``: false, `not(a, b)`: false, `all(unix) extra`: false, `not()`: false,
	} {
		if got := cfgHolds(expression); got != want {
			t.Errorf("cfg(%s) = %v", expression, got)
		}
	}
}

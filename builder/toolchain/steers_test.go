package toolchain

import "testing"

// TestSteersByWholeNames holds that no variable enters a key by a part of its name.
func TestSteersByWholeNames(t *testing.T) {
	for _, name := range []string{"PATH", "DEBUG", "FLAGS", "ROOT", "EXPERIMENT", "WORK", "PROXY", "CACHE", "MODCACHE", "GO", "", "RUST", "C", "RUSTCRAFT", "RUSTUP_HOME", "MAKE"} {
		for tool, steers := range map[string]func(string) bool{"go": steersGo, "cargo": steersCargo, "make": steersMake} {
			if steers(name) {
				t.Errorf("%s counts for %s", name, tool)
			}
		}
	}
	for name, steers := range map[string]func(string) bool{"GOFLAGS": steersGo, "GOMODCACHE": steersGo, "RUSTUP_TOOLCHAIN": steersCargo, "RUSTC_WRAPPER": steersCargo, "CFLAGS": steersMake} {
		if !steers(name) {
			t.Errorf("%s does not count", name)
		}
	}
}

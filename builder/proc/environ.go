package proc

import (
	"runtime"
	"strings"
)

// lookEnv returns the last value of key, as the started program will see it.
func lookEnv(env []string, key string) string {
	for i := len(env) - 1; i >= 0; i-- {
		name, value, ok := strings.Cut(env[i], "=")
		if ok && (name == key || runtime.GOOS == "windows" && strings.EqualFold(name, key)) {
			return value
		}
	}
	return ""
}

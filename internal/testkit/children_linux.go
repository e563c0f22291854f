package testkit

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// ChildrenOf are the processes that the process parent has started whose command line names word.
func ChildrenOf(t testing.TB, parent int, word string) (pids []int) {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	Check(t, err)
	for _, dir := range dirs {
		stat, _ := os.ReadFile(filepath.Join(dir, "stat"))
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) && strings.Contains(string(line), word) {
			pid, err := strconv.Atoi(filepath.Base(dir))
			Check(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}

package toolchain

import (
	"cmp"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Some tools do not tell what they read (componentize-js, componentize-qjs, zig, most
// programs that somebody wrote). With trace-reads = true their system calls do: strace runs
// the build and writes down each file that it opens for reading. Only Linux has it.

// traceName begins the names of the files that strace writes, one a process.
const traceName = "reads"

// tracer is strace's path where the settings ask for it, else "".
func (j *job) tracer() (string, error) {
	switch {
	case !j.Manifest.Dev.TraceReads:
		return "", nil
	case runtime.GOOS != "linux":
		return "", toolchainProblem(finding.Finding{Code: finding.ToolMissing, Message: "trace-reads asks for strace, which only Linux has",
			Hint: "take trace-reads out of [package.metadata.astrid-dev], and name in inputs what the build reads beside its sources"})
	}
	return j.tool("strace")
}

// traced is argv under strace, which passes exit codes and signals on.
func traced(strace, out string, argv []string) []string {
	return append([]string{strace, "-ff", "-qq", "-y", "-e", "trace=?open,openat,?openat2", "-e", "signal=none",
		"-o", filepath.Join(out, traceName), "--"}, argv...)
}

// traced lists the files that the build opened for reading: those of its repository, without
// one those of the capsule, for the others belong to the tools, whose identity is in the key.
func (c *Command) traced() (names []string) {
	if c.recipe.tracer == "" {
		return nil
	}
	top := cmp.Or(tree.Repository(c.Dir, c.recipe.job.env.get("HOME")), c.Dir)
	logs, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(c.work.out), traceName+".*"))
	for _, log := range logs {
		for _, path := range parseTrace(readAll(log)) {
			if fsys.Inside(top, path) && !isKept(top, path) {
				names = append(names, path)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isKept reports whether path is what git, cargo or we keep for ourselves below top.
func isKept(top, path string) bool {
	rel, err := filepath.Rel(top, path)
	return err == nil && slices.ContainsFunc(strings.Split(filepath.ToSlash(rel), "/"), func(name string) bool {
		return name == ".git" || name == "target"
	})
}

// openedLine is a call that opened a file, and its path, as strace -y resolves it.
var openedLine = regexp.MustCompile(`(?m)^open[a-z0-9]*\(.*?\b(O_RDONLY|O_RDWR)\b(.*)\) += \d+<(.*)>$`)

// parseTrace reads which regular files a log of strace says were opened for reading.
// A folder that is listed, and a file that the process makes or empties, are none.
func parseTrace(log []byte) (paths []string) {
	for _, m := range openedLine.FindAllSubmatch(log, -1) {
		flags := string(m[2])
		if strings.Contains(flags, "O_DIRECTORY") || strings.Contains(flags, "O_CREAT") || strings.Contains(flags, "O_TRUNC") || strings.Contains(flags, "O_PATH") {
			continue
		}
		paths = append(paths, unescapeC(string(m[3])))
	}
	return paths
}

// unescapeC reads a text in which strace wrote bytes as C does: \n, \\, \", \303.
func unescapeC(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		digits := i + 1
		for digits < len(s) && digits < i+4 && '0' <= s[digits] && s[digits] <= '7' {
			digits++
		}
		if n, err := strconv.ParseUint(s[i+1:digits], 8, 8); err == nil {
			b.WriteByte(byte(n))
			i = digits - 1
			continue
		}
		i++
		if at := strings.IndexByte("abfnrtv", s[i]); at >= 0 {
			b.WriteByte("\a\b\f\n\r\t\v"[at])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

package astrid

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/answers"
)

// askingTakes is how long the runtime may take to tell its version: it does so in
// milliseconds, and no build waits for one that hangs.
const askingTakes = 2 * time.Second

// Installed is the known release that is closest to the astrid in PATH, "" without one.
// It is asked once: a run judges by one release from its beginning to its end.
var Installed = sync.OnceValue(func() string {
	program, err := exec.LookPath("astrid")
	if err != nil {
		return ""
	}
	said, ok := answers.Users().Get(program)
	if !ok {
		began := time.Now()
		said = ask(program)
		if speaksOfItself(program, said) {
			answers.Users().Put(program, said, began, program)
		}
	}
	if closest := Closest(said); closest != nil {
		return closest.Version
	}
	return ""
})

// ask is the version that program tells, "" when it tells none.
func ask(program string) string {
	ctx, cancel := context.WithTimeout(context.Background(), askingTakes)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--version")
	cmd.WaitDelay = askingTakes / 10 // for a grandchild that holds the pipe
	said := &firstBytes{left: 4 << 10}
	cmd.Stdout = said
	if cmd.Run() != nil {
		return ""
	}
	return versionText.FindString(string(said.kept))
}

// speaksOfItself reports whether a program is no script and has the version that it tells within it, so that the answer is
// the same as long as the file is: what starts another program tells the version of that.
func speaksOfItself(program, version string) bool {
	f, err := os.Open(program)
	if err != nil || version == "" {
		return false
	}
	defer f.Close()
	block := make([]byte, 1<<20)
	for n, at := 0, int64(0); ; at += int64(n - len(version) + 1) { // a version may lie across two blocks
		if n, err = f.ReadAt(block, at); at == 0 && bytes.HasPrefix(block[:n], []byte("#!")) {
			return false
		}
		if bytes.Contains(block[:n], []byte(version)) {
			return true
		}
		if err != nil || n < len(version) {
			return false
		}
	}
}

var versionText = regexp.MustCompile(`[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?`)

// firstBytes keeps the beginning of what a program writes, and takes all of it.
type firstBytes struct {
	kept []byte
	left int
}

func (w *firstBytes) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.kept, w.left = append(w.kept, p[:n]...), w.left-n
	return len(p), nil
}

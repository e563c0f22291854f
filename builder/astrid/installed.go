package astrid

import (
	"context"
	"os/exec"
	"regexp"
	"sync"
	"time"
)

// askingTakes is how long the runtime may take to tell its version: it does so in
// milliseconds, and no build waits for one that hangs.
const askingTakes = 2 * time.Second

// Installed is the known release that is closest to the astrid in PATH, "" without one.
// It is asked once: a run judges by one release from its beginning to its end.
var Installed = sync.OnceValue(func() string {
	ctx, cancel := context.WithTimeout(context.Background(), askingTakes)
	defer cancel()
	cmd := exec.CommandContext(ctx, "astrid", "--version")
	cmd.WaitDelay = askingTakes / 10 // for a grandchild that holds the pipe
	said := &firstBytes{left: 4 << 10}
	cmd.Stdout = said
	if cmd.Run() != nil {
		return ""
	}
	if closest := Closest(versionText.FindString(string(said.kept))); closest != nil {
		return closest.Version
	}
	return ""
})

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

//go:build unix

package proc

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Handle(Main, helperMain)
	goleak.VerifyTestMain(m)
}

// need skips a test whose tool is missing, and fails it where nothing may be skipped.
func need(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	testkit.Skip(t, "%s is not installed", tool)
}

// helper is a command of this test binary; its processes carry mark.
func helper(t *testing.T, args ...string) (c Command, mark string) {
	return marked(t, append([]string{os.Args[0]}, args...)...)
}

func shell(t *testing.T, script string) (c Command, mark string) {
	return marked(t, "sh", "-c", script)
}

func marked(t *testing.T, argv ...string) (c Command, mark string) {
	mark = fmt.Sprintf("PROC_TEST_MARK=%s-%d", t.Name(), rand.Int64())
	t.Cleanup(func() { killMarked(t, mark) })
	// Under -race a program waits a second before it exits, a guardian too.
	return Command{Argv: argv, Env: append(os.Environ(), mark, "GORACE=atexit_sleep_ms=0"), Grace: 100 * time.Millisecond}, mark
}

// left lists the living processes that carry mark, guardians included.
func left(t testing.TB, mark string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil || len(files) == 0 {
		t.Fatal("there is no /proc to look into", err)
	}
	var found []string
	for _, file := range files {
		if env, _ := os.ReadFile(file); bytes.Contains(env, []byte(mark)) {
			line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
			found = append(found, fmt.Sprintf("%s %q", filepath.Base(filepath.Dir(file)), line))
		}
	}
	return found
}

func killMarked(t *testing.T, mark string) {
	for _, line := range left(t, mark) {
		pid, _, _ := strings.Cut(line, " ")
		_ = exec.Command("kill", "-9", pid).Run()
	}
}

// noneLeft fails when a process with mark is there.
func noneLeft(t testing.TB, mark string) {
	t.Helper()
	if list := left(t, mark); len(list) > 0 {
		t.Errorf("left: %v", list)
	}
}

// goneWithin waits until no process with mark is there.
func goneWithin(t testing.TB, limit time.Duration, mark string) {
	t.Helper()
	for deadline := time.Now().Add(limit); len(left(t, mark)) > 0; {
		if time.Now().After(deadline) {
			noneLeft(t, mark)
			return
		}
	}
}

// output is a writer that tests wait on.
type output struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	seen chan struct{} // closed when word was written
	word string
}

func watchFor(word string) *output { return &output{seen: make(chan struct{}), word: word} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.word != "" && strings.Contains(o.buf.String(), o.word)
	o.buf.Write(p)
	if !before && o.word != "" && strings.Contains(o.buf.String(), o.word) {
		close(o.seen)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// cancelOn returns a context that is cancelled when o saw its word.
func cancelOn(t *testing.T, o *output) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-o.seen:
		case <-ctx.Done():
		}
		cancel()
	}()
	t.Cleanup(func() { cancel(); <-done })
	return ctx
}

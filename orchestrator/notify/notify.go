// Package notify tells a person who looks elsewhere when green turns red, and back. It is a reader of
// the hub.
package notify

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

const (
	limit      = 5 * time.Second // of one notification: a desktop that does not answer is none
	namesShown = 5
)

// bell is what a terminal beeps or blinks at, or marks its tab with.
const bell = "\a"

// Options say how a person is told.
type Options struct {
	Bell    io.Writer // a terminal; nil: there is none
	Program []string  // a desktop's, as Desktop finds it; nil: none
	Env     []string  // of the program, complete

	// Warn is told once when the program fails; it may block. nil: nobody is told.
	Warn func(event.Warning)
}

// Desktop is the program that shows a notification on this machine's desktop with a title and
// a text after it; nil when there is none.
func Desktop() []string {
	if path, err := exec.LookPath("notify-send"); err == nil {
		return []string{path, "--app-name=astrid-dev", "--"}
	}
	if path, err := exec.LookPath("osascript"); err == nil {
		return []string{path, "-e", "on run argv", "-e", "display notification (item 2 of argv) with title (item 1 of argv)", "-e", "end run"}
	}
	return nil
}

// Notifier tells of each turn when nothing is left to do: a round with three failures is one
// notification.
type Notifier struct {
	o      Options
	events *hub.Subscription
	read   sync.WaitGroup
	cancel context.CancelFunc
	red    bool // as it was told last; the reading goroutine's alone
	warned bool
}

// New tells of the turns that h's events make. The caller closes the Notifier.
func New(h *hub.Hub, o Options) *Notifier {
	ctx, cancel := context.WithCancel(context.Background())
	idle := func(e event.Event) bool { return e.Body.Kind() == (event.Idle{}).Kind() }
	n := &Notifier{o: o, events: h.Subscribe(0, hub.Latest(idle)), cancel: cancel}
	n.read.Go(func() {
		for n.events.Wait(context.Background()) == nil {
			if item, some := n.events.Next(); some {
				n.take(ctx, item.Event)
			}
		}
	})
	return n
}

// take tells of e where it is a turn. A start at which all is well is none.
func (n *Notifier) take(ctx context.Context, e event.Event) {
	idle, _ := e.Body.(event.Idle)
	red := idle.Failed > 0
	if red == n.red {
		return
	}
	n.red = red
	title := text.Count(idle.Capsules, "capsule") + " sound again"
	if red {
		title = fmt.Sprintf("%d of %s failed", idle.Failed, text.Count(idle.Capsules, "capsule"))
	}
	if n.o.Bell != nil {
		_, _ = io.WriteString(n.o.Bell, bell) // a terminal that is gone beeps to nobody
	}
	if n.o.Program != nil {
		n.show(ctx, title, names(idle.Failing))
	}
}

// names are those of the capsules that failed.
func names(list []event.Subject) string {
	var named []string
	for _, s := range list[:min(len(list), namesShown)] {
		named = append(named, text.Name(cmp.Or(s.Capsule, filepath.Base(s.Dir))))
	}
	if more := len(list) - len(named); more > 0 {
		named = append(named, fmt.Sprintf("and %d more", more))
	}
	return cmp.Or(strings.Join(named, ", "), "nothing is failed or held")
}

// show runs the desktop's program.
func (n *Notifier) show(ctx context.Context, title, body string) {
	tail := proc.NewTail(1 << 10)
	argv := append(n.o.Program[:len(n.o.Program):len(n.o.Program)], title, body)
	r, err := proc.Run(ctx, proc.Command{Argv: argv, Env: n.o.Env, Stdout: tail, Stderr: tail, Timeout: limit})
	switch {
	case r.Cancelled:
		return
	case err == nil && r.TimedOut:
		err = fmt.Errorf("it was ended after %s", limit)
	case err == nil && (r.ExitCode != 0 || r.Signal != ""):
		err = errors.New(cmp.Or(string(bytes.TrimSpace(tail.Bytes())), fmt.Sprintf("it ended with exit code %d", r.ExitCode)))
	}
	if err == nil || n.warned || n.o.Warn == nil {
		return
	}
	n.warned = true
	n.o.Warn(event.Warning{Code: finding.NotifyFailed, Message: "no notification could be shown: " + n.o.Program[0] + ": " + text.Line(err.Error()),
		Hint: "the terminal's bell rings all the same; leave --notify out where there is no desktop"})
}

// Close ends what runs, and returns when the Notifier's goroutine has ended.
func (n *Notifier) Close() {
	n.events.Close()
	n.cancel()
	n.read.Wait()
}

//go:build unix

package tools_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// jobMain is a program whose tool has left two programs running: once both run it says so, and waits to be
// killed, or ends the guest and then says so.
func jobMain(args []string) (code int, handled bool) {
	if len(args) != 3 || args[0] != "helper-job" {
		return 0, false
	}
	ctx := context.Background()
	m, err := capsule.Load(filepath.Join("testdata", "play"))
	if err != nil {
		panic(err)
	}
	o := guest.Options{Host: tools.World(m)}
	o.Host.AllowProcess, o.Host.Path = true, os.Getenv("PATH")
	g, _, err := guest.Start(ctx, filepath.Join(m.Dir, m.Components[0].File), o)
	if err != nil {
		panic(err)
	}
	text, _ := json.Marshal(map[string]string{"text": "echo $$ >> " + args[1] + "; exec sleep 1000"})
	result, _, err := tools.Call(ctx, g, o.Host, "job", text)
	if err != nil || result.IsError {
		panic(fmt.Sprint(result, err))
	}
	for numbers := []byte(nil); bytes.Count(numbers, []byte("\n")) < 2; time.Sleep(time.Millisecond) {
		numbers, _ = os.ReadFile(args[1]) // each program writes its number before it sleeps
	}
	if args[2] == "close" {
		g.Close()
	}
	fmt.Println("ready")
	time.Sleep(time.Hour)
	return 0, true
}

// What a tool has left running is gone when its guest is closed, and when this program is killed.
func TestProgramsAreGone(t *testing.T) {
	testkit.Needs(t, "sh")
	for _, how := range []string{"close", "kill"} {
		file := filepath.Join(t.TempDir(), "pids")
		cmd := exec.Command(os.Args[0], "helper-job", file, how)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		testkit.Check(t, err)
		testkit.Check(t, cmd.Start())
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			t.Fatalf("%s: %q %v", how, line, err)
		}
		pids := strings.Fields(testkit.Read(t, file))
		if len(pids) != 2 {
			t.Fatalf("%s: %d programs", how, len(pids))
		}
		if how == "kill" {
			for _, pid := range pids {
				if n, _ := strconv.Atoi(pid); syscall.Kill(n, 0) != nil {
					t.Errorf("%s does not run before", pid)
				}
			}
			testkit.Check(t, cmd.Process.Kill())
		}
		for _, pid := range pids {
			n, err := strconv.Atoi(pid)
			testkit.Check(t, err)
			for end := time.Now().Add(time.Minute); syscall.Kill(n, 0) != syscall.ESRCH; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%s: %s is left", how, pid)
				}
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

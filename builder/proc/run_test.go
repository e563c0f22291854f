//go:build unix

package proc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func TestOutcomes(t *testing.T) {
	for script, want := range map[string]Result{
		"exit 0":        {},
		"exit 3":        {ExitCode: 3},
		"exit 255":      {ExitCode: 255},
		"kill -9 $$":    {ExitCode: -1, Signal: "SIGKILL"},
		"kill -SEGV $$": {ExitCode: -1, Signal: "SIGSEGV"},
		"kill -TERM $$": {ExitCode: -1, Signal: "SIGTERM"},
	} {
		c, mark := shell(t, script)
		got, err := Run(t.Context(), c)
		if err != nil {
			t.Errorf("%s: %v", script, err)
		}
		if got.Duration <= 0 {
			t.Errorf("%s: it took %s", script, got.Duration)
		}
		got.Duration = 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", script, diff)
		}
		noneLeft(t, mark)
	}
}

func TestStreamsFolderAndEnvironment(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	r, err := Run(t.Context(), Command{Argv: []string{"sh", "-c", `cat; pwd >&2; printf %s "$A$HOME" >&2`}, Dir: dir,
		Env: []string{"PATH=" + os.Getenv("PATH"), "A=old", "A=ä"}, Stdin: []byte("in"), Stdout: &out, Stderr: &errs})
	if err != nil || r.ExitCode != 0 {
		t.Fatal(r, err)
	}
	if out.String() != "in" || errs.String() != dir+"\nä" {
		t.Errorf("stdout %q, stderr %q", &out, &errs)
	}
}

func TestArgumentsAreBytes(t *testing.T) {
	var out bytes.Buffer
	args := []string{"", " a  b ", "\xff\xfe", "new\nline", "$HOME `id` \"'", "--", "__guardian"}
	c, _ := helper(t, append([]string{"helper-args"}, args...)...)
	c.Stdout = &out
	for _, c.Limits = range []Limits{{}, {CPUSeconds: 60}} {
		out.Reset()
		r, err := Run(t.Context(), c)
		if err != nil || r.ExitCode != 0 || out.String() != `["" " a  b " "\xff\xfe" "new\nline" "$HOME `+"`id`"+` \"'" "--" "__guardian"]` {
			t.Errorf("%v, %v: %s", r, err, &out)
		}
	}
}

func TestWithoutStdinThereIsNothingToRead(t *testing.T) {
	var out bytes.Buffer
	c, _ := shell(t, "cat; echo end")
	c.Stdout = &out
	if r, err := Run(t.Context(), c); err != nil || out.String() != "end\n" {
		t.Errorf("%v, %v: %q", r, err, &out)
	}
}

func TestInputThatNobodyReads(t *testing.T) {
	c, mark := shell(t, "exec <&-; exit 4")
	c.Stdin = make([]byte, 10<<20)
	if r, err := Run(t.Context(), c); err != nil || r.ExitCode != 4 {
		t.Error(r, err)
	}
	noneLeft(t, mark)
}

func TestOneWriterForBothKeepsTheOrder(t *testing.T) {
	var both bytes.Buffer // not safe for concurrent use: the race detector would see a second writer
	c, _ := shell(t, "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done")
	c.Stdout, c.Stderr = &both, &both
	if r, err := Run(t.Context(), c); err != nil || r.ExitCode != 0 {
		t.Fatal(r, err)
	}
	want := "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\nout 4\nerr 4\nout 5\nerr 5\n"
	if both.String() != want {
		t.Errorf("%q", &both)
	}
}

type uncomparable struct{ _ []string }

func (u uncomparable) Write(p []byte) (int, error) { return len(p), nil }

func TestWritersThatCannotBeCompared(t *testing.T) {
	c, _ := shell(t, "echo out; echo err >&2")
	c.Stdout, c.Stderr = uncomparable{}, uncomparable{}
	if r, err := Run(t.Context(), c); err != nil || r.ExitCode != 0 {
		t.Error(r, err)
	}
}

func TestWriterThatFailsDoesNotHurtTheCommand(t *testing.T) {
	r, w := io.Pipe()
	r.CloseWithError(errors.New("gone"))
	c, _ := helper(t, "helper-spew", "3")
	c.Stdout = w
	if r, err := Run(t.Context(), c); err != nil || r.ExitCode != 0 {
		t.Error(r, err)
	}
}

func TestBigOutput(t *testing.T) {
	megabytes, bytes := "200", int64(200<<20)
	if testing.Short() {
		megabytes, bytes = "20", 20<<20
	}
	tail := NewTail(1000)
	c, _ := helper(t, "helper-spew", megabytes)
	c.Stdout = tail
	if r, err := Run(t.Context(), c); err != nil || r.ExitCode != 0 {
		t.Fatal(r, err)
	}
	if got := tail.String(); got != "the last line\n" || tail.Dropped() != bytes {
		t.Errorf("%q after %d dropped", got, tail.Dropped())
	}
}

func TestWhatCannotBeStarted(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("plain", "echo", 0o644)
	script := write("script", "#!/no/such/interpreter\n", 0o755)
	garbage := write("garbage", "\x7fELFgarbage", 0o755)
	for name, test := range map[string]struct {
		c    Command
		is   error
		says string
	}{
		"unknown name":       {Command{Argv: []string{"no-such-tool"}, Env: os.Environ()}, exec.ErrNotFound, `running "no-such-tool"`},
		"its own PATH":       {Command{Argv: []string{"sh"}, Env: []string{"PATH=/nowhere"}}, exec.ErrNotFound, "not found"},
		"no PATH":            {Command{Argv: []string{"sh"}}, exec.ErrNotFound, "not found"},
		"relative PATH":      {Command{Argv: []string{"script"}, Dir: dir, Env: []string{"PATH=.::bin"}}, exec.ErrNotFound, "not found"},
		"absolute":           {Command{Argv: []string{"/no/such/tool"}}, exec.ErrNotFound, "/no/such/tool"},
		"below a file":       {Command{Argv: []string{script + "/x"}}, exec.ErrNotFound, "x"},
		"below the folder":   {Command{Argv: []string{"./absent"}, Dir: dir}, fs.ErrNotExist, "absent"},
		"not executable":     {Command{Argv: []string{"./plain"}, Dir: dir}, fs.ErrPermission, "not executable"},
		"only one in PATH":   {Command{Argv: []string{"plain"}, Env: []string{"PATH=" + dir}}, fs.ErrPermission, "not executable"},
		"a folder":           {Command{Argv: []string{dir}}, fs.ErrPermission, "is a folder"},
		"no interpreter":     {Command{Argv: []string{script}}, fs.ErrNotExist, "interpreter"},
		"under limits":       {Command{Argv: []string{script}, Limits: Limits{CPUSeconds: 9}}, fs.ErrNotExist, "interpreter"},
		"no program":         {Command{Argv: []string{garbage}}, nil, "exec format error"},
		"no folder":          {Command{Argv: []string{"/bin/sh"}, Dir: "/no/such/folder"}, fs.ErrNotExist, "folder"},
		"folder is a file":   {Command{Argv: []string{"/bin/sh"}, Dir: script}, nil, "not a folder"},
		"nothing":            {Command{}, nil, "empty"},
		"empty name":         {Command{Argv: []string{""}}, nil, "empty"},
		"NUL in the name":    {Command{Argv: []string{"/bin/s\x00h"}}, nil, "invalid"},
		"NUL in an argument": {Command{Argv: []string{"/bin/sh", "\x00"}}, nil, "invalid"},
		"too long":           {Command{Argv: []string{"/bin/true", strings.Repeat("x", 1<<20)}}, nil, "argument list too long"},
	} {
		r, err := Run(t.Context(), test.c)
		if err == nil || test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
		if r.ExitCode != -1 {
			t.Errorf("%s: exit code %d", name, r.ExitCode)
		}
	}
}

func TestProgramsAreFound(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "bin", "tool"), 0o755); err != nil { // a folder of that name is passed over
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other")
	if err := os.Mkdir(other, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "tool"), []byte("#!/bin/sh\nexit 7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := "PATH=" + filepath.Join(dir, "bin") + ":" + other
	t.Chdir(dir)
	for _, c := range []Command{
		{Argv: []string{"tool"}, Env: []string{"PATH=/first", path}},
		{Argv: []string{"./tool"}, Dir: other},
		{Argv: []string{"./tool"}, Dir: "other"},
		{Argv: []string{"other/tool"}},
		{Argv: []string{"../other/tool"}, Dir: "bin"},
	} {
		if r, err := Run(t.Context(), c); err != nil || r.ExitCode != 7 {
			t.Errorf("%q in %q: %v, %v", c.Argv, c.Dir, r, err)
		}
	}
}

func TestCancelledBeforeItBegan(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, _ := shell(t, "touch ran")
	c.Dir = t.TempDir()
	r, err := Run(ctx, c)
	if err != nil || !r.Cancelled || r.ExitCode != -1 {
		t.Error(r, err)
	}
	if _, err := os.Stat(filepath.Join(c.Dir, "ran")); err == nil {
		t.Error("it ran")
	}
}

func TestTimeout(t *testing.T) {
	// On a slow machine the time is over before the command has begun: then nothing ended it.
	for _, timeout := range []time.Duration{1, 50 * time.Millisecond, time.Second} {
		began := filepath.Join(t.TempDir(), "began")
		c, mark := shell(t, "sleep 60 & >"+began+"; sleep 60")
		c.Timeout = timeout
		r, err := Run(t.Context(), c)
		want := ""
		if _, err := os.Stat(began); err == nil {
			want = "SIGTERM"
		}
		if err != nil || !r.TimedOut || r.Cancelled || r.ExitCode != -1 || r.Signal != want && r.Signal != "SIGTERM" {
			t.Errorf("%s: %+v, %v; want %q", timeout, r, err, want)
		}
		noneLeft(t, mark)
	}

	c, _ := shell(t, "exit 5")
	c.Timeout = time.Minute
	if r, err := Run(t.Context(), c); err != nil || r.TimedOut || r.ExitCode != 5 {
		t.Error(r, err)
	}
}

func TestLimits(t *testing.T) {
	testkit.Long(t)
	var out bytes.Buffer
	c, _ := shell(t, "ulimit -v; ulimit -t; ulimit -H -t")
	c.Stdout, c.Limits = &out, Limits{AddressSpace: 1 << 30, CPUSeconds: 7}
	if r, err := Run(t.Context(), c); err != nil || out.String() != "1048576\n7\n8\n" {
		t.Errorf("%v, %v: %q", r, err, &out)
	}
	c, _ = helper(t, "helper-spin")
	c.Limits = Limits{CPUSeconds: 1}
	if r, err := Run(t.Context(), c); err != nil || r.Signal != "SIGXCPU" && r.Signal != "SIGKILL" && r.ExitCode != 2 {
		t.Error(r, err) // 2: Go's runtime catches SIGXCPU and prints its stacks
	}
}

func TestNoMoreDescriptorsAreInheritedThanBare(t *testing.T) {
	listed, err := exec.Command("/bin/ls", "/proc/self/fd").Output()
	if err != nil {
		t.Fatal(err)
	}
	bare := strings.Fields(string(listed))
	for range 3000 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	}
	for _, limits := range []Limits{{}, {CPUSeconds: 60}} {
		var out bytes.Buffer
		r, err := Run(t.Context(), Command{Argv: []string{"/bin/ls", "/proc/self/fd"}, Stdout: &out, Limits: limits})
		more := slices.DeleteFunc(strings.Fields(out.String()), func(fd string) bool { return slices.Contains(bare, fd) })
		if err != nil || len(more) > 0 || out.Len() == 0 {
			t.Errorf("%v, %v: it inherits %q, a bare child %q", r, err, &out, bare)
		}
	}
}

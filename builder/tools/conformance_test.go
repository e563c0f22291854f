package tools_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/pack"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// TestMain lets the test binary be the guardian, the guest's child and the daemon's keeper.
func TestMain(m *testing.M) {
	testkit.Handle(proc.Main, guest.Main, daemon.Main, jobMain)
	os.Exit(m.Run())
}

// loaded is the capsule in dir, loaded in the world of its manifest.
func loaded(t testing.TB, dir string, change func(*guest.Options)) (*guest.Guest, guest.Options) {
	t.Helper()
	m := manifest(t, dir)
	o := guest.Options{Host: tools.World(m)}
	if change != nil {
		change(&o)
	}
	g, _, err := guest.Start(t.Context(), filepath.Join(m.Dir, m.Components[0].File), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g, o
}

func manifest(t testing.TB, dir string) *capsule.Manifest {
	t.Helper()
	m, err := capsule.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// update writes what the runtime says now over what is recorded.
var update = flag.Bool("update", false, "write what the runtime that is installed tells into testdata")

// builtPort is where the conformance guest listens, as it is built and as its lines are recorded.
const builtPort = 21739

// conformance is a copy of the conformance guest that listens on a port that is free now, so that two runs of the
// tests on one machine do not meet, and the address. The port is an operand of four instructions of the module, in
// three bytes. Those of 16384 to 32767 have as many, and none of them is given to a connection for its own end.
func conformance(t *testing.T) (dir, address string) {
	t.Helper()
	port := 0
	for port == 0 {
		n := 16384 + rand.IntN(16384)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", n)); err == nil {
			l.Close()
			port = n
		}
	}
	dir = filepath.Join(t.TempDir(), "conformance")
	testkit.Check(t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "conformance"))))
	at := filepath.Join(dir, "Capsule.toml")
	testkit.Write(t, at, strings.ReplaceAll(testkit.Read(t, at), fmt.Sprint(":", builtPort), fmt.Sprint(":", port)))
	at = filepath.Join(dir, "conformance.wasm")
	constant := func(n int) string { return string(append([]byte{0x41}, binary.AppendUvarint(nil, uint64(n))...)) } // i32.const
	module := testkit.Read(t, at)
	if n := strings.Count(module, constant(builtPort)); n != 4 {
		t.Fatalf("the module names its port %d times: see testdata/conformance/src/lib.rs, and correct this number", n)
	}
	testkit.Write(t, at, strings.ReplaceAll(module, constant(builtPort), constant(port)))
	return dir, fmt.Sprintf("127.0.0.1:%d", port)
}

// somebody connects to the guest at address until the test ends, and says what the guest reads.
func somebody(t *testing.T, address string) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				time.Sleep(5 * time.Millisecond)
				continue
			}
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			_, _ = conn.Write([]byte("\x00\x00\x00\x02hiraw"))
			_, _ = io.Copy(io.Discard, conn)
			stop()
			conn.Close()
		}
	}()
}

// told are the lines that the conformance guest tells here, and which functions it called. Programs
// run only where that is asked for: the runtime here refuses them all, because it cannot mount its storage for them.
func told(t *testing.T, programs bool) (lines, used []string) {
	dir, address := conformance(t)
	somebody(t, address)
	g, o := loaded(t, dir, func(o *guest.Options) {
		o.Host.AllowNet, o.Host.AllowProcess, o.Host.Path = []string{address}, programs, os.Getenv("PATH")
	})
	list, outcome, err := tools.Describe(t.Context(), g, o.Host)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range list {
		lines = append(lines, asRecorded(tool.Description, address))
	}
	return lines, outcome.Record.Used
}

// asRecorded is a line of a guest that listens at address, as it is recorded.
func asRecorded(line, address string) string {
	return strings.ReplaceAll(line, address, fmt.Sprint("127.0.0.1:", builtPort))
}

func recorded(t *testing.T) []string {
	return strings.Split(strings.TrimRight(testkit.Read(t, "testdata/conformance/runtime-2026.10.1.txt"), "\n"), "\n")
}

// A guest that calls every function of the host with right and wrong arguments gets here what
// it got in the runtime.
func TestConformance(t *testing.T) {
	got, _ := told(t, false)
	want := recorded(t)
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want) || i >= len(got):
			t.Fatalf("%d lines, the runtime told %d", len(got), len(want))
		case want[i] != got[i]:
			t.Errorf("\n in the runtime %.300s\n           here %.300s", want[i], got[i])
		}
	}
}

// With --allow-process programs run. What they come to was read in the crate's host/process: the runtime here
// cannot be asked.
func TestConformanceOfPrograms(t *testing.T) {
	testkit.Needs(t, "true")
	got, _ := told(t, true)
	i := slices.IndexFunc(got, func(line string) bool { return strings.HasPrefix(line, "spawn = ") })
	want := strings.Split(strings.TrimRight(testkit.Read(t, "testdata/conformance/programs.txt"), "\n"), "\n")
	if diff := cmp.Diff(want, got[i:]); diff != "" {
		t.Error(diff)
	}
}

// uncalled are the functions that the conformance guest does not call, and why it cannot.
var uncalled = map[string]string{
	"astrid:fs/host.[method]file-handle.":             "fs-open gives no handle in the runtime 2026.10.1",
	"astrid:io/":                                      "to use it panics inside the runtime 2026.10.1",
	"astrid:net/host.[method]tcp-listener.accept":     "it waits for ever where nobody connects; poll-accept is the same function with a time",
	"astrid:net/host.[method]tcp-stream.read-stream":  "to use what it gives panics inside the runtime 2026.10.1",
	"astrid:net/host.[method]tcp-stream.write-stream": "to use what it gives panics inside the runtime 2026.10.1",
	"astrid:net/host.[method]udp-socket.":             "udp-bind gives no socket in the runtime 2026.10.1",
	"astrid:net/host.[method]unix-listener.":          "it waits for ever: the daemon holds the socket",
	"astrid:http/host.[method]http-stream.":           "it needs a server of the open network: TestAStreamOfTheWeb",
	"astrid:http/host.[method]http-upload":            "http-upload-start gives none in the runtime 2026.10.1",
}

// Every function of every interface of the newest release is called by the conformance guest, or it is
// told above why not. A function that is new in a release fails here until one of both is done.
func TestEveryFunctionIsCalled(t *testing.T) {
	testkit.Needs(t, "true")
	_, used := told(t, true)
	needed := map[string]bool{}
	for name, i := range astrid.Newest().Interfaces {
		short, _, _ := strings.Cut(name, "@") // 1.0 and 1.1 of an interface are the same functions
		for function := range i.Functions {
			full := short + "." + function
			why := ""
			for prefix := range uncalled {
				if strings.HasPrefix(full, prefix) {
					why = prefix
				}
			}
			switch called := slices.Contains(used, full) || full == "astrid:sys/host.log"; {
			case why != "" && !called:
				needed[why] = true
			case why == "" && !called:
				t.Errorf("%s is not called", full)
			}
		}
	}
	for prefix, why := range uncalled {
		if !needed[prefix] || why == "" {
			t.Errorf("%s is called, or is no function, and stands among those that are not", prefix)
		}
	}
}

// The lines in testdata are those of the runtime that is installed here, if it is that release.
func TestConformanceInTheRuntime(t *testing.T) {
	testkit.Long(t)
	program, err := daemon.Find("")
	if err != nil {
		testkit.Skip(t, "no astrid-daemon: .ci/astrid installs it")
	}
	d := daemon.New(daemon.Options{Program: program, Env: os.Environ()})
	defer d.Close()
	dir, address := conformance(t)
	somebody(t, address)
	answer, err := d.Install(t.Context(), daemon.Package{Source: pack.Source{Manifest: manifest(t, dir)}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range answer.Tools {
		answer.Tools[i].Description = asRecorded(answer.Tools[i].Description, address)
	}
	slices.SortFunc(answer.Tools, func(a, b daemon.Tool) int { return strings.Compare(a.Name, b.Name) })
	if *update {
		var all strings.Builder
		for _, tool := range answer.Tools {
			fmt.Fprintln(&all, tool.Description)
		}
		testkit.Write(t, "testdata/conformance/runtime-2026.10.1.txt", all.String())
	}
	want := recorded(t)
	if len(answer.Tools) != len(want) {
		text, _ := json.Marshal(answer)
		t.Fatalf("%d lines, recorded are %d: %.500s", len(answer.Tools), len(want), text)
	}
	programs := false
	for i, tool := range answer.Tools {
		if programs = programs || strings.HasPrefix(tool.Description, "spawn = Ok"); programs {
			t.Log("this runtime runs programs: the lines about them are not compared")
			break
		}
		if tool.Description != want[i] {
			t.Errorf("\n recorded %.300s\n      now %.300s", want[i], tool.Description)
		}
	}
}

package tools_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
	testkit.Handle(proc.Main, guest.Main, daemon.Main)
	os.Exit(m.Run())
}

// loaded is a capsule of testdata, loaded in the world of its manifest.
func loaded(t testing.TB, name string, change func(*guest.Options)) (*guest.Guest, guest.Options) {
	t.Helper()
	m := manifest(t, name)
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

func manifest(t testing.TB, name string) *capsule.Manifest {
	t.Helper()
	m, err := capsule.Load(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// told are the lines that the conformance guest tells here.
func told(t *testing.T) []string {
	g, o := loaded(t, "conformance", nil)
	list, _, err := tools.Describe(t.Context(), g, o.Host)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, tool := range list {
		lines = append(lines, tool.Description)
	}
	return lines
}

func recorded(t *testing.T) []string {
	return strings.Split(strings.TrimRight(testkit.Read(t, "testdata/conformance/runtime-2026.10.1.txt"), "\n"), "\n")
}

// A guest that calls every function of the host with right and wrong arguments gets here what
// it got in the runtime.
func TestConformance(t *testing.T) {
	want, got := recorded(t), told(t)
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want) || i >= len(got):
			t.Fatalf("%d lines, the runtime told %d", len(got), len(want))
		case want[i] != got[i]:
			t.Errorf("\n in the runtime %.300s\n           here %.300s", want[i], got[i])
		}
	}
}

// The lines in testdata are those of the runtime that is installed here, if it is that release.
func TestConformanceInTheRuntime(t *testing.T) {
	program, err := daemon.Find("")
	if err != nil {
		testkit.Skip(t, "no astrid-daemon: .ci/astrid installs it")
	}
	d := daemon.New(daemon.Options{Program: program, Env: os.Environ()})
	defer d.Close()
	answer, err := d.Install(t.Context(), daemon.Package{Source: pack.Source{Manifest: manifest(t, "conformance")}})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(answer.Tools, func(a, b daemon.Tool) int { return strings.Compare(a.Name, b.Name) })
	want := recorded(t)
	if len(answer.Tools) != len(want) {
		text, _ := json.Marshal(answer)
		t.Fatalf("%d lines, recorded are %d: %.500s", len(answer.Tools), len(want), text)
	}
	for i, tool := range answer.Tools {
		if tool.Description != want[i] {
			t.Errorf("\n recorded %.300s\n      now %.300s", want[i], tool.Description)
		}
	}
}

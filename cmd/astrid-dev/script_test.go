package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/cmd/astrid-dev/internal/script"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/terminal"
)

func TestMain(m *testing.M) {
	if _, said := os.LookupEnv(aloneVariable); !said { // a test that counts builds says 0
		os.Setenv(aloneVariable, "1")
	}
	testkit.Handle(builder.Main)
	testkit.Handle(terminal.Main)
	testscript.Main(m, map[string]func(){
		"astrid-dev": func() { os.Exit(run(os.Args[1:])) },
	})
}

// TestScripts runs all scripts; package script tells what they may do.
func TestScripts(t *testing.T) {
	script.Run(t)
}

// TestScriptsPoll runs the scripts about watching again, with the other engine.
func TestScriptsPoll(t *testing.T) {
	script.RunPolling(t, script.Watching...)
}

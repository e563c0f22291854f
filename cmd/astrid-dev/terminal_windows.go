package main

import (
	"io"
	"os"
)

// newTerminalReader is the file: Windows has no background of a terminal.
func newTerminalReader(file *os.File) io.Reader { return file }

// suspendable does nothing: Windows has no Ctrl-Z that stops.
func suspendable() {}

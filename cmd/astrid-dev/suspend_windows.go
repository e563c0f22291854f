package main

import "os"

// suspendable does nothing: Windows has no Ctrl-Z that stops.
func suspendable(*screen) {}

// resized does nothing: the next line is drawn in the new size.
func resized(chan<- os.Signal) {}

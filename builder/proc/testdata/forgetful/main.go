// forgetful runs a command and does not call proc.Main first. It notes each time that it is run.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/astrid-runtime/astrid-dev/builder/proc"
)

func main() {
	notes, err := os.OpenFile(os.Getenv("FORGETFUL_NOTES"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(notes, os.Args[1:])
	_, err = proc.Run(context.Background(), proc.Command{Argv: []string{"true"}, Env: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr})
	fmt.Println(err)
}

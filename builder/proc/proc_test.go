package proc

import (
	"bytes"
	"context"
	"os"
	"testing"
)

func TestHello(t *testing.T) {
	var out bytes.Buffer
	r, err := Run(context.Background(), Command{Argv: []string{os.Args[0], "hello"}, Stdout: &out})
	t.Logf("%+v %v %q", r, err, out.String())
	r, err = Run(context.Background(), Command{Argv: []string{os.Args[0], "hello"}, Stdout: &out, Limits: Limits{AddressSpace: 4 << 30, CPUSeconds: 5}})
	t.Logf("%+v %v %q", r, err, out.String())
	r, err = Run(context.Background(), Command{Argv: []string{"/bin/sh", "-c", "sleep 100 & setsid sleep 3 & ulimit -v -t; kill -9 $$"}, Env: os.Environ(), Stdout: &out, Limits: Limits{AddressSpace: 4 << 30, CPUSeconds: 5}})
	t.Logf("%+v %v %q", r, err, out.String())
}

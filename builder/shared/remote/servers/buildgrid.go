package servers

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	reapi "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// settings are BuildGrid's: everything below one folder. What a scheduler needs comes in between.
const settings = `server:
  - !channel
    address: %q
    insecure-mode: true
authorization:
  method: none
storages:
  - !disk-storage &cas
    path: %q
caches:
  - !lru-action-cache &results
    storage: *cas
    max-cached-refs: 100000
    allow-updates: true
%sinstances:
  - name: ''
    services:
      - !action-cache
        cache: *results
      - !cas
        storage: *cas
      - !bytestream
        storage: *cas
%sthread-pool-size: 32
`

// BuildGrid starts BuildGrid as .ci/python installs it, and waits until it answers. It ends
// with the test. Where it is not installed the test is skipped.
func BuildGrid(t testing.TB) (address string) {
	t.Helper()
	return "grpc://" + buildGrid(t, "", "")
}

func buildGrid(t testing.TB, scheduler, execution string) (host string) {
	t.Helper()
	testkit.Needs(t, "bgd")
	folder := t.TempDir()
	host = free(t)
	file := filepath.Join(folder, "settings.yml")
	testkit.Write(t, file, fmt.Sprintf(settings, host, filepath.Join(folder, "cas"), scheduler, execution))
	until(t, "BuildGrid", exec.Command("bgd", "server", "start", file), os.Kill, func() bool { return answers(t, host) })
	return host
}

// until starts a server, which ends with the test by that signal, and waits until it is up.
func until(t testing.TB, name string, cmd *exec.Cmd, end os.Signal, up func() bool) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	testkit.Check(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed
		close(ended)
	}()
	t.Cleanup(func() {
		select {
		case <-ended:
			t.Errorf("%s ended by itself: %s", name, said.String())
		default:
		}
		_ = cmd.Process.Signal(end)
		<-ended
	})
	testkit.Wait(t, name+" is up", func() bool {
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", name, said.String())
		default:
		}
		return up()
	})
}

// free is an address of this machine at which nobody listens.
func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Check(t, err)
	defer l.Close()
	return l.Addr().String()
}

func answers(t testing.TB, host string) bool {
	connection, err := grpc.NewClient("dns:///"+host, grpc.WithTransportCredentials(insecure.NewCredentials()))
	testkit.Check(t, err)
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err = reapi.NewCapabilitiesClient(connection).GetCapabilities(ctx, &reapi.GetCapabilitiesRequest{})
	return err == nil
}

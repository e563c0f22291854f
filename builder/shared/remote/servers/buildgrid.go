package servers

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	reapi "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// settings are BuildGrid's: everything below one folder.
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
instances:
  - name: ''
    services:
      - !action-cache
        cache: *results
      - !cas
        storage: *cas
      - !bytestream
        storage: *cas
thread-pool-size: 16
`

// BuildGrid starts BuildGrid as .ci/python installs it, and waits until it answers. It ends
// with the test. Where it is not installed the test is skipped.
func BuildGrid(t testing.TB) (address string) {
	t.Helper()
	testkit.Needs(t, "bgd")
	folder, host := t.TempDir(), free(t)
	file := filepath.Join(folder, "settings.yml")
	testkit.Write(t, file, fmt.Sprintf(settings, host, filepath.Join(folder, "cas")))
	var said bytes.Buffer
	cmd := exec.Command("bgd", "server", "start", file)
	cmd.Stdout, cmd.Stderr = &said, &said
	testkit.Check(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	testkit.Wait(t, "BuildGrid answers", func() bool {
		select {
		case <-ended:
			t.Fatalf("BuildGrid ended: %s", said.String())
		default:
		}
		return answers(t, host)
	})
	return "grpc://" + host
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

package remote

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/builder/shared/remote/servers"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func key(n int) string { return fmt.Sprintf("%064x", n) }

// blob is a file of so many bytes that nobody can compress.
func blob(t *testing.T, size int) (shared.Blob, []byte) {
	t.Helper()
	data := make([]byte, size)
	rand.Read(data)
	path := filepath.Join(t.TempDir(), "blob")
	testkit.Write(t, path, string(data))
	id, err := shared.Identify(path)
	testkit.Check(t, err)
	return shared.Blob{ID: id, Path: path}, data
}

func open(t *testing.T, c Config) *Store {
	t.Helper()
	s, err := Open(c)
	testkit.Check(t, err)
	t.Cleanup(func() { testkit.Check(t, s.Close()) })
	return s
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// roundTrip stores blobs under a key and reads them again.
func roundTrip(t *testing.T, s *Store, sizes ...int) {
	t.Helper()
	ctx := soon(t)
	var blobs []shared.Blob
	var want [][]byte
	for _, size := range sizes {
		b, data := blob(t, size)
		blobs, want = append(blobs, b), append(want, data)
	}
	if _, err := s.Entry(ctx, key(1)); !errors.Is(err, shared.ErrNone) {
		t.Fatalf("an entry before there is one: %v", err)
	}
	if err := s.Blob(ctx, blobs[0].ID, &bytes.Buffer{}); !errors.Is(err, shared.ErrNone) {
		t.Fatalf("a blob before there is one: %v", err)
	}
	testkit.Check(t, s.Put(ctx, key(1), []byte("entry"), blobs))
	testkit.Check(t, s.Put(ctx, key(2), []byte("other entry"), blobs)) // its blobs are there
	if got, err := s.Entry(ctx, key(1)); err != nil || string(got) != "entry" {
		t.Errorf("the entry is %q, %v", got, err)
	}
	for i, b := range blobs {
		var got bytes.Buffer
		if err := s.Blob(ctx, b.ID, &got); err != nil || !bytes.Equal(got.Bytes(), want[i]) {
			t.Errorf("blob %d: %d bytes instead of %d, %v", i, got.Len(), len(want[i]), err)
		}
	}
}

var sizes = []int{1, 0, 10_000, 500_000, 5 << 20}

func TestRoundTrip(t *testing.T) {
	for _, blake3 := range []bool{false, true} {
		for _, zstd := range []bool{false, true} {
			t.Run(fmt.Sprintf("blake3 %v, zstd %v", blake3, zstd), func(t *testing.T) {
				server := servers.Start(t)
				server.BLAKE3, server.Zstd = blake3, zstd
				roundTrip(t, open(t, Config{Address: server.Address + "/main"}), sizes...)
				blobs, _, streams := server.Has()
				if want := map[bool]int{false: 2, true: 4}[zstd]; blobs != len(sizes) || streams != want {
					t.Errorf("%d blobs, %d streams, want %d", blobs, streams, want)
				}
			})
		}
	}
}

// Messages are no larger than the server says.
func TestBatch(t *testing.T) {
	server := servers.Start(t)
	server.Batch = 1000
	roundTrip(t, open(t, Config{Address: server.Address}), 600, 600, 600, 1001)
	if _, _, streams := server.Has(); streams != 2 {
		t.Errorf("%d streams", streams)
	}
}

func TestHeadersAndTLS(t *testing.T) {
	certificate, roots := certify(t)
	server := servers.Start(t, grpc.Creds(credentials.NewServerTLSFromCert(certificate)))
	address := "grpcs" + server.Address[len("grpc"):]
	roundTrip(t, open(t, Config{Address: address, Roots: roots, Headers: []string{"authorization=Bearer a=b"}}), 10)
	if got := server.Headers().Get("authorization"); len(got) != 1 || got[0] != "Bearer a=b" {
		t.Errorf("headers %v", got)
	}
	for name, c := range map[string]Config{"a certificate that nobody vouches for": {Address: address}, "no TLS": {Address: server.Address}} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if _, err := open(t, c).Entry(ctx, key(1)); err == nil || errors.Is(err, shared.ErrNone) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

// A server of other people's, with its own idea of the protocol.
func TestBuildGrid(t *testing.T) {
	testkit.Long(t)
	roundTrip(t, open(t, Config{Address: servers.BuildGrid(t)}), sizes...)
}

func TestWrongAddress(t *testing.T) {
	for _, c := range []Config{{Address: "grpc://host"}, {Address: "grpc://:1"}, {Address: "grpc://h:1?x"}, {Address: "grpc://h:1", Headers: []string{"x"}}, {Address: "grpcs://h:1", Roots: []byte("x")}} {
		if _, err := Open(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	for address, is := range map[string]bool{"grpc://h:1": true, "grpcs://h:1/x": true, "folder": false, "/grpc": false} {
		if IsAddress(address) != is {
			t.Errorf("%s: %v", address, !is)
		}
	}
}

// What a server does wrong is an error, or other bytes, which package shared finds; never a
// hang, when the context ends, and never more than asked for.
func TestFull(t *testing.T) {
	server := servers.Start(t)
	server.Fault = func() servers.Fault { return servers.Full }
	b, _ := blob(t, 10)
	if err := open(t, Config{Address: server.Address}).Put(soon(t), key(1), []byte("entry"), []shared.Blob{b}); !errors.Is(err, shared.ErrFull) {
		t.Errorf("got %v", err)
	}
}

func TestHangs(t *testing.T) {
	server := servers.Start(t)
	server.Fault = func() servers.Fault { return servers.Hangs }
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := open(t, Config{Address: server.Address}).Entry(ctx, key(1)); err == nil {
		t.Error("a server that hangs has answered")
	}
}

func TestGone(t *testing.T) {
	server := servers.Start(t)
	s := open(t, Config{Address: server.Address})
	b, _ := blob(t, 10)
	testkit.Check(t, s.Put(soon(t), key(1), []byte("entry"), []shared.Blob{b}))
	server.Stop()
	if _, err := s.Entry(soon(t), key(1)); err == nil || errors.Is(err, shared.ErrNone) {
		t.Errorf("got %v", err)
	}
}

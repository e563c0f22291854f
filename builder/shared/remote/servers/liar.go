package servers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	reapi "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/blake3"
	"google.golang.org/genproto/googleapis/bytestream"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Fault is what a server does wrong.
type Fault int

// The faults. Every one but None may come with any question.
const (
	None        Fault = iota
	Truncated         // half of a blob
	OtherBytes        // a blob of the right size with one bit wrong
	OtherBlob         // the blob of another name
	OtherEntry        // the entry of another key
	Junk              // an entry of random bytes
	Huge              // a blob that does not end
	Hangs             // no answer
	Slow              // an answer that takes its time
	Failing           // an internal error
	Full              // takes no blobs
	Forgets           // has the entry, and not the blobs
	Disconnects       // ends the connection
	Faults            // how many there are
)

// Liar is a server in memory, which tells the truth until Fault says otherwise. Its fields may be set before it is asked for the first time.
type Liar struct {
	reapi.UnimplementedCapabilitiesServer
	reapi.UnimplementedActionCacheServer
	reapi.UnimplementedContentAddressableStorageServer
	reapi.UnimplementedExecutionServer
	bytestream.UnimplementedByteStreamServer

	Address string // grpc://HOST:PORT
	BLAKE3  bool   // instead of SHA-256
	Zstd    bool
	Batch   int64 // bytes of blobs in a message; 0: the default
	Runs    bool  // it runs commands, on this machine
	Deaf    bool  // it never says that it has a command

	// Fault is asked with each question what goes wrong now; nil: nothing does.
	Fault func() Fault

	mu      sync.Mutex // guards what follows
	blobs   map[string][]byte
	results map[string]*reapi.ActionResult
	headers metadata.MD
	streams int
	ran     int
	actions []*reapi.Action
	grpc    *grpc.Server
}

// Start starts a server on this machine, which ends with the test.
func Start(t testing.TB, options ...grpc.ServerOption) *Liar {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Liar{Address: "grpc://" + listener.Addr().String(), blobs: map[string][]byte{}, results: map[string]*reapi.ActionResult{}, grpc: grpc.NewServer(options...)}
	reapi.RegisterCapabilitiesServer(s.grpc, s)
	reapi.RegisterActionCacheServer(s.grpc, s)
	reapi.RegisterContentAddressableStorageServer(s.grpc, s)
	bytestream.RegisterByteStreamServer(s.grpc, s)
	reapi.RegisterExecutionServer(s.grpc, s)
	ended := make(chan struct{})
	go func() {
		_ = s.grpc.Serve(listener) // ends with Stop
		close(ended)
	}()
	t.Cleanup(func() {
		s.grpc.Stop()
		<-ended
	})
	return s
}

// Stop ends the server as a kill would.
func (s *Liar) Stop() { s.grpc.Stop() }

// Has says how many blobs and entries there are, and how many streams were asked for.
func (s *Liar) Has() (blobs, entries, streams int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.blobs), len(s.results), s.streams
}

// Headers are those of the newest question.
func (s *Liar) Headers() metadata.MD {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.headers
}

// fault is what goes wrong now. Those that keep an answer back are carried out here.
func (s *Liar) fault(ctx context.Context) (Fault, error) {
	s.mu.Lock()
	s.headers, _ = metadata.FromIncomingContext(ctx)
	s.mu.Unlock()
	if s.Fault == nil {
		return None, nil
	}
	switch f := s.Fault(); f {
	case Hangs:
		<-ctx.Done()
		return f, ctx.Err()
	case Slow:
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
		return None, ctx.Err()
	case Failing:
		return f, status.Error(codes.Internal, "500")
	case Disconnects:
		return f, status.Error(codes.Unavailable, "the connection was closed")
	default:
		return f, nil
	}
}

func (s *Liar) sum(data []byte) string {
	if s.BLAKE3 {
		sum := blake3.Sum256(data)
		return hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// GetCapabilities says what the server can do.
func (s *Liar) GetCapabilities(ctx context.Context, _ *reapi.GetCapabilitiesRequest) (*reapi.ServerCapabilities, error) {
	if _, err := s.fault(ctx); err != nil {
		return nil, err
	}
	c := &reapi.CacheCapabilities{MaxBatchTotalSizeBytes: s.Batch, DigestFunctions: []reapi.DigestFunction_Value{reapi.DigestFunction_SHA256},
		ActionCacheUpdateCapabilities: &reapi.ActionCacheUpdateCapabilities{UpdateEnabled: true}}
	if s.BLAKE3 {
		c.DigestFunctions = []reapi.DigestFunction_Value{reapi.DigestFunction_SHA1, reapi.DigestFunction_BLAKE3}
	}
	if s.Zstd {
		c.SupportedCompressors = []reapi.Compressor_Value{reapi.Compressor_ZSTD}
	}
	return &reapi.ServerCapabilities{CacheCapabilities: c, ExecutionCapabilities: &reapi.ExecutionCapabilities{ExecEnabled: s.Runs}}, nil
}

// GetActionResult is an entry.
func (s *Liar) GetActionResult(ctx context.Context, r *reapi.GetActionResultRequest) (*reapi.ActionResult, error) {
	f, err := s.fault(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch f {
	case OtherEntry:
		for key, result := range s.results {
			if key != r.GetActionDigest().GetHash() {
				return result, nil
			}
		}
	case Junk:
		return &reapi.ActionResult{StdoutRaw: []byte(`{"payloadType":"application/vnd.astrid-dev.shared.v1+json","payload":"e30=","signatures":[{"sig":"AAAA"}]}`)}, nil
	}
	if result, ok := s.results[r.GetActionDigest().GetHash()]; ok {
		return result, nil
	}
	return nil, status.Error(codes.NotFound, "no such result")
}

// UpdateActionResult takes an entry whose blobs are all there.
func (s *Liar) UpdateActionResult(ctx context.Context, r *reapi.UpdateActionResultRequest) (*reapi.ActionResult, error) {
	if _, err := s.fault(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range r.GetActionResult().GetOutputFiles() {
		if _, ok := s.blobs[f.GetDigest().GetHash()]; !ok {
			return nil, status.Error(codes.FailedPrecondition, "an output is not there")
		}
	}
	s.results[r.GetActionDigest().GetHash()] = proto.CloneOf(r.GetActionResult())
	return r.GetActionResult(), nil
}

// FindMissingBlobs says which blobs are not there.
func (s *Liar) FindMissingBlobs(ctx context.Context, r *reapi.FindMissingBlobsRequest) (*reapi.FindMissingBlobsResponse, error) {
	if _, err := s.fault(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := &reapi.FindMissingBlobsResponse{}
	for _, d := range r.GetBlobDigests() {
		if _, ok := s.blobs[d.GetHash()]; !ok {
			answer.MissingBlobDigests = append(answer.MissingBlobDigests, d)
		}
	}
	return answer, nil
}

// BatchUpdateBlobs takes blobs.
func (s *Liar) BatchUpdateBlobs(ctx context.Context, r *reapi.BatchUpdateBlobsRequest) (*reapi.BatchUpdateBlobsResponse, error) {
	f, err := s.fault(ctx)
	if err != nil {
		return nil, err
	}
	answer := &reapi.BatchUpdateBlobsResponse{}
	for _, one := range r.GetRequests() {
		answer.Responses = append(answer.Responses, &reapi.BatchUpdateBlobsResponse_Response{Digest: one.GetDigest(), Status: status.Convert(s.take(f, one.GetDigest().GetHash(), one.GetData())).Proto()})
	}
	return answer, nil
}

// take keeps a blob that is what its name says.
func (s *Liar) take(f Fault, name string, data []byte) error {
	if f == Full {
		return status.Error(codes.ResourceExhausted, "the disk is full")
	}
	if s.sum(data) != name {
		return status.Error(codes.InvalidArgument, "the blob is not what its name says")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[name] = data
	return nil
}

// give is a blob as the fault has it.
func (s *Liar) give(f Fault, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.blobs[name]
	if !ok || f == Forgets {
		return nil, status.Error(codes.NotFound, "no such blob")
	}
	switch f {
	case Truncated:
		return data[:len(data)/2], nil
	case OtherBytes:
		other := append([]byte(nil), data...)
		other[len(other)-1] ^= 1
		return other, nil
	case OtherBlob:
		for n, other := range s.blobs {
			if n != name {
				return other, nil
			}
		}
	case Huge:
		return append(append([]byte(nil), data...), make([]byte, 1<<20)...), nil
	}
	return data, nil
}

// BatchReadBlobs gives blobs.
func (s *Liar) BatchReadBlobs(ctx context.Context, r *reapi.BatchReadBlobsRequest) (*reapi.BatchReadBlobsResponse, error) {
	f, err := s.fault(ctx)
	if err != nil {
		return nil, err
	}
	answer := &reapi.BatchReadBlobsResponse{}
	for _, d := range r.GetDigests() {
		data, err := s.give(f, d.GetHash())
		answer.Responses = append(answer.Responses, &reapi.BatchReadBlobsResponse_Response{Digest: d, Data: data, Status: status.Convert(err).Proto()})
	}
	return answer, nil
}

// resource is the hash in a resource's name, its size, and whether its bytes are compressed.
func (s *Liar) resource(name string) (hash string, size int64, compressed bool, err error) {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		rest := parts[i+1:]
		switch {
		case p == "compressed-blobs" && len(rest) > 1 && rest[0] == "zstd":
			compressed, rest = true, rest[1:]
		case p != "blobs":
			continue
		}
		if s.BLAKE3 {
			if len(rest) != 3 || rest[0] != "blake3" {
				break
			}
			rest = rest[1:]
		}
		if len(rest) != 2 {
			break
		}
		size, err = strconv.ParseInt(rest[1], 10, 64)
		return rest[0], size, compressed, err
	}
	return "", 0, false, status.Errorf(codes.InvalidArgument, "%q names no blob", name)
}

// Read gives a blob as a stream.
func (s *Liar) Read(r *bytestream.ReadRequest, stream bytestream.ByteStream_ReadServer) error {
	f, err := s.fault(stream.Context())
	if err != nil {
		return err
	}
	hash, _, compressed, err := s.resource(r.GetResourceName())
	if err != nil {
		return err
	}
	data, err := s.give(f, hash)
	if err != nil {
		return err
	}
	if compressed {
		if data, err = squeeze(data); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.streams++
	s.mu.Unlock()
	for len(data) > 0 {
		n := min(len(data), 64<<10)
		if err := stream.Send(&bytestream.ReadResponse{Data: data[:n]}); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// Write takes a blob as a stream.
func (s *Liar) Write(stream bytestream.ByteStream_WriteServer) error {
	f, err := s.fault(stream.Context())
	if err != nil {
		return err
	}
	var name string
	var data []byte
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return status.Error(codes.InvalidArgument, "the stream has no end")
		}
		if err != nil {
			return err
		}
		if name == "" {
			name = r.GetResourceName()
		}
		if r.GetWriteOffset() != int64(len(data)) {
			return status.Errorf(codes.InvalidArgument, "offset %d after %d bytes", r.GetWriteOffset(), len(data))
		}
		if data = append(data, r.GetData()...); r.GetFinishWrite() {
			break
		}
	}
	hash, size, compressed, err := s.resource(name)
	if err != nil {
		return err
	}
	committed := int64(len(data))
	if compressed {
		if data, err = expand(data); err != nil {
			return status.Error(codes.InvalidArgument, err.Error())
		}
	}
	if int64(len(data)) != size {
		return status.Error(codes.InvalidArgument, fmt.Sprintf("%d bytes instead of %d", len(data), size))
	}
	if err := s.take(f, hash, data); err != nil {
		return err
	}
	s.mu.Lock()
	s.streams++
	s.mu.Unlock()
	return stream.SendAndClose(&bytestream.WriteResponse{CommittedSize: committed})
}

func squeeze(data []byte) ([]byte, error) {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	return w.EncodeAll(data, nil), nil
}

func expand(data []byte) ([]byte, error) {
	r, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.DecodeAll(data, nil)
}

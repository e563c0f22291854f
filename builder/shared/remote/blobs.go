package remote

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	reapi "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/genproto/googleapis/bytestream"
	"google.golang.org/grpc/status"
)

// piece is how many bytes of a stream go in one message.
const piece = 256 << 10

// window bounds the memory that reading a compressed blob may take.
const window = 64 << 20

// blobs is the part of a resource's name that says how its bytes come.
func (can *abilities) blobs() string {
	if can.zstd {
		return "compressed-blobs/zstd"
	}
	return "blobs"
}

// worth is how many bytes a blob has at least that is compressed: for fewer, a stream of its
// own costs more than it saves.
const worth = 32 << 10

// small reports whether a blob goes in a message with others.
func (can *abilities) small(d *reapi.Digest) bool {
	return d.SizeBytes <= can.batch && (!can.zstd || d.SizeBytes < worth)
}

// readBlob writes the blob d to w, of which one may be no larger than it says.
func (s *Store) readBlob(ctx context.Context, can *abilities, d *reapi.Digest, w io.Writer) error {
	if !can.small(d) {
		return s.readStream(ctx, can, d, w)
	}
	answer, err := s.cas().BatchReadBlobs(ctx, &reapi.BatchReadBlobsRequest{InstanceName: s.instance, Digests: []*reapi.Digest{d}, DigestFunction: can.function.value})
	if err != nil {
		return fault(err)
	}
	for _, r := range answer.GetResponses() {
		if r.GetDigest().GetHash() != d.Hash {
			continue
		}
		if err := status.ErrorProto(r.GetStatus()); err != nil {
			return fault(err)
		}
		if r.GetCompressor() != reapi.Compressor_IDENTITY {
			return fmt.Errorf("the server compressed a blob by %v, which nobody asked for", r.GetCompressor())
		}
		_, err := w.Write(r.GetData())
		return err
	}
	return errors.New("the server's answer says nothing of the blob that was asked for")
}

// readStream is readBlob for one that fits in no message.
func (s *Store) readStream(ctx context.Context, can *abilities, d *reapi.Digest, w io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a stream that is not read to its end
	stream, err := s.streams().Read(ctx, &bytestream.ReadRequest{ResourceName: s.readName(can, d)})
	if err != nil {
		return fault(err)
	}
	var in io.Reader = &pieces{stream: stream}
	if can.zstd {
		plain, err := zstd.NewReader(in, zstd.WithDecoderMaxMemory(window), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return err
		}
		defer plain.Close()
		in = plain
	}
	_, err = io.Copy(w, in)
	return fault(err)
}

// pieces reads a stream.
type pieces struct {
	stream bytestream.ByteStream_ReadClient
	left   []byte
}

func (p *pieces) Read(to []byte) (int, error) {
	for len(p.left) == 0 {
		next, err := p.stream.Recv()
		if err != nil {
			return 0, err
		}
		p.left = next.GetData()
	}
	n := copy(to, p.left)
	p.left = p.left[n:]
	return n, nil
}

// question is how many blobs are asked after at once: some 75 bytes each, in a message of 4 MiB.
const question = 20_000

// upload sees to it that the server has blobs, of which none may be there twice.
func (s *Store) upload(ctx context.Context, can *abilities, blobs []upload) error {
	for some := range slices.Chunk(blobs, question) {
		request := &reapi.FindMissingBlobsRequest{InstanceName: s.instance, DigestFunction: can.function.value}
		for _, b := range some {
			request.BlobDigests = append(request.BlobDigests, b.digest)
		}
		answer, err := s.cas().FindMissingBlobs(ctx, request)
		if err != nil {
			return fault(err)
		}
		missing := map[string]bool{}
		for _, d := range answer.GetMissingBlobDigests() {
			missing[d.GetHash()] = true
		}
		if err := s.writeBlobs(ctx, can, slices.DeleteFunc(slices.Clone(some), func(b upload) bool { return !missing[b.digest.Hash] })); err != nil {
			return err
		}
	}
	return nil
}

// writeBlobs uploads blobs, those that fit many to a message.
func (s *Store) writeBlobs(ctx context.Context, can *abilities, blobs []upload) error {
	request := &reapi.BatchUpdateBlobsRequest{InstanceName: s.instance, DigestFunction: can.function.value}
	size := int64(0)
	send := func() error {
		if len(request.Requests) == 0 {
			return nil
		}
		asked := request.Requests
		answer, err := s.cas().BatchUpdateBlobs(ctx, request)
		request.Requests, size = nil, 0
		if err != nil {
			return fault(err)
		}
		return taken(asked, answer.GetResponses())
	}
	for _, b := range blobs {
		d := b.digest
		if !can.small(d) {
			if err := s.writeStream(ctx, can, b); err != nil {
				return err
			}
			continue
		}
		if size+d.SizeBytes > can.batch {
			if err := send(); err != nil {
				return err
			}
		}
		data, err := b.content()
		if err != nil {
			return err
		}
		request.Requests = append(request.Requests, &reapi.BatchUpdateBlobsRequest_Request{Digest: d, Data: data})
		size += d.SizeBytes
	}
	return send()
}

// taken is nil when a server says of each blob that it has it.
func taken(asked []*reapi.BatchUpdateBlobsRequest_Request, answers []*reapi.BatchUpdateBlobsResponse_Response) error {
	has := map[string]bool{}
	for _, r := range answers {
		if err := status.ErrorProto(r.GetStatus()); err != nil {
			return fault(err)
		}
		has[r.GetDigest().GetHash()] = true
	}
	for _, q := range asked {
		if !has[q.GetDigest().GetHash()] {
			return errors.New("the server's answer says nothing of a blob that was sent")
		}
	}
	return nil
}

// writeStream uploads what fits in no message.
func (s *Store) writeStream(ctx context.Context, can *abilities, b upload) error {
	f, err := b.open()
	if err != nil {
		return err
	}
	defer f.Close()
	d := b.digest
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.streams().Write(ctx)
	if err != nil {
		return fault(err)
	}
	out := &sender{stream: stream, name: s.writeName(can, d)}
	if err := out.copy(f, can.zstd); err != nil && !errors.Is(err, io.EOF) { // io.EOF: the server has it, or says why not
		return fault(err)
	}
	answer, err := stream.CloseAndRecv()
	if err != nil {
		return fault(err)
	}
	if n := answer.GetCommittedSize(); !can.zstd && n != d.SizeBytes {
		return fmt.Errorf("the server took %d of %d bytes", n, d.SizeBytes)
	}
	return nil
}

// sender writes a stream.
type sender struct {
	stream bytestream.ByteStream_WriteClient
	name   string
	offset int64
}

func (s *sender) Write(data []byte) (int, error) {
	for at := 0; at < len(data); {
		next := data[at:min(at+piece, len(data))]
		if err := s.send(next, false); err != nil {
			return at, err
		}
		at += len(next)
	}
	return len(data), nil
}

func (s *sender) send(data []byte, last bool) error {
	request := &bytestream.WriteRequest{WriteOffset: s.offset, Data: data, FinishWrite: last}
	if s.offset == 0 {
		request.ResourceName = s.name
	}
	s.offset += int64(len(data))
	return s.stream.Send(request)
}

func (s *sender) copy(f io.Reader, compressed bool) error {
	if !compressed {
		if _, err := io.CopyBuffer(s, f, make([]byte, piece)); err != nil {
			return err
		}
		return s.send(nil, true)
	}
	small, err := zstd.NewWriter(s, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	_, err = io.Copy(small, f)
	if err = errors.Join(err, small.Close()); err != nil {
		return err
	}
	return s.send(nil, true)
}

// readName and writeName are a blob's names for ByteStream.
func (s *Store) readName(can *abilities, d *reapi.Digest) string {
	return path.Join(s.instance, can.blobs(), can.function.part, d.Hash, fmt.Sprint(d.SizeBytes))
}

func (s *Store) writeName(can *abilities, d *reapi.Digest) string {
	return path.Join(s.instance, "uploads", uuid(), can.blobs(), can.function.part, d.Hash, fmt.Sprint(d.SizeBytes))
}

// uuid is a random one, version 4.
func uuid() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

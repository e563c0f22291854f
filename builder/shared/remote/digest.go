package remote

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"

	reapi "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"github.com/zeebo/blake3"
	"google.golang.org/protobuf/proto"

	"github.com/astrid-runtime/astrid-dev/builder/shared"
)

// function is how a server names blobs.
type function struct {
	value reapi.DigestFunction_Value
	part  string // of a resource's name; "" where the length of the hash says it
}

var (
	blake3Function = function{reapi.DigestFunction_BLAKE3, "blake3"}
	sha256Function = function{reapi.DigestFunction_SHA256, ""}
)

// of is the digest of a module.
func (f function) of(id shared.ID) *reapi.Digest {
	if f == blake3Function {
		return &reapi.Digest{Hash: id.BLAKE3, SizeBytes: id.Size}
	}
	return &reapi.Digest{Hash: id.SHA256, SizeBytes: id.Size}
}

// sum is the digest of data.
func (f function) sum(data []byte) *reapi.Digest {
	sum := f.sums()
	sum.Write(data)
	return &reapi.Digest{Hash: hex.EncodeToString(sum.Sum(nil)), SizeBytes: int64(len(data))}
}

// sums is what counts a stream's bytes to its digest.
func (f function) sums() hash.Hash {
	if f == blake3Function {
		return blake3.New()
	}
	return sha256.New()
}

// action is the digest of the action that stands for key. Nobody runs it.
func (f function) action(key string) (*reapi.Digest, error) {
	command, err := marshal(&reapi.Command{Arguments: []string{"astrid-dev", "shared-result", "1", key}})
	if err != nil {
		return nil, err
	}
	action, err := marshal(&reapi.Action{CommandDigest: f.sum(command), InputRootDigest: f.sum(nil)})
	if err != nil {
		return nil, err
	}
	return f.sum(action), nil
}

func marshal(m proto.Message) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(m)
}

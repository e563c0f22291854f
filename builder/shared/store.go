package shared

import (
	"context"
	"errors"
	"io"
)

// ErrNone is a Store's answer to what it does not have.
var ErrNone = errors.New("there is none")

// ErrFull is in the error of a Store that takes nothing more, or nothing of this size.
var ErrFull = errors.New("the store takes no more")

// MaxEntry is the largest entry, sealed, in bytes.
const MaxEntry = 1 << 20

// ID names a module by its content. Both digests are lower-case hex: a store may know things
// by the one or by the other.
type ID struct {
	BLAKE3 string `json:"blake3"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
}

// Blob is a module to be stored.
type Blob struct {
	ID
	Path string // where it lies
}

// Store is where entries and modules lie. It is not trusted. Its methods are safe for
// concurrent use, by several processes at once, and end soon after ctx does.
type Store interface {
	// Entry is what was put under key, at most MaxEntry bytes; ErrNone where nothing is.
	Entry(ctx context.Context, key string) ([]byte, error)
	// Blob writes the module to w; ErrNone where there is none. What it writes is not checked.
	Blob(ctx context.Context, id ID, w io.Writer) error
	// Put stores an entry under key and the modules that it names: those first, so that no
	// entry is seen before what it names.
	Put(ctx context.Context, key string, entry []byte, blobs []Blob) error
	// Close lets go of what the store holds.
	Close() error
}

// Claimer is a Store by which of several processes that miss the same result one builds it.
type Claimer interface {
	// Claim waits until nobody else has a claim on key, and then has it until release is called or
	// the process dies. wait is called once, before it waits; waited tells that it did.
	Claim(ctx context.Context, key string, wait func()) (release func(), waited bool, err error)
}

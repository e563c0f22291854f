package tree

import (
	"encoding/hex"
	"fmt"
)

// Digest is the BLAKE3 hash of a tree's byte stream. The zero value means "no
// digest"; no tree has it, the empty tree's is af1349b9....
type Digest [32]byte

// String is 64 lower-case hex digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// IsZero reports whether d is the zero value.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText writes what String returns; the zero value is the empty text.
func (d Digest) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return []byte{}, nil
	}
	return hex.AppendEncode(nil, d[:]), nil
}

// UnmarshalText reads what MarshalText wrote, upper-case digits as well.
func (d *Digest) UnmarshalText(text []byte) error {
	var read Digest
	if len(text) != 0 {
		if len(text) != hex.EncodedLen(len(read)) {
			return fmt.Errorf("reading digest %q: want %d hex digits", text, hex.EncodedLen(len(read)))
		}
		if _, err := hex.Decode(read[:], text); err != nil {
			return fmt.Errorf("reading digest %q: %w", text, err)
		}
	}
	*d = read
	return nil
}

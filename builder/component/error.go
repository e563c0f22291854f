package component

import "fmt"

// Error says where and why a binary could not be decoded. It is the only error type that the
// decoders of this package return, always as a pointer.
type Error struct {
	// Offset is the byte in the input at which decoding failed, counted from the first byte
	// of the bytes that were given to the decoder.
	Offset int64
	// Section names the innermost section that held the offset: "import", "core module", ...;
	// "preamble" in the first eight bytes, "header" in a section's id and size.
	Section string
	// Message is one sentence without a full stop.
	Message string
}

// Error implements error.
func (e *Error) Error() string {
	where := "in the " + e.Section + " section"
	switch e.Section {
	case "preamble":
		where = "in the preamble"
	case "header":
		where = "in a section's header"
	}
	return fmt.Sprintf("%s at offset %#x, %s", e.Message, e.Offset, where)
}

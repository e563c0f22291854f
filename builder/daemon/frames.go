package daemon

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// maxFrame is what one message may have: a list of tools has kilobytes.
const maxFrame = 50 << 20

// writeFrame writes one message: its length in four bytes, the largest first, and JSON.
func writeFrame(w io.Writer, message any) error {
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...))
	return err
}

// readFrame reads the next message into out.
func readFrame(r io.Reader, out any) error {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxFrame {
		return fmt.Errorf("a message of %d bytes", n)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

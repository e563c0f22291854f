package engine

import (
	"errors"

	"github.com/tetratelabs/wazero/api"
)

// Segment is data that a memory begins with.
type Segment struct {
	At      uint32
	Content []byte
}

// Data is what the core modules of a file have in memory 0 to begin with, by their numbers in it, where that was taken out of them.
type Data map[int][]Segment

var errData = errors.New("its data lies beyond its memory")

// write gives an instance of core module number its data.
func (d Data) write(number uint32, instance api.Module) error {
	for _, s := range d[int(number)] {
		if !instance.Memory().Write(s.At, s.Content) {
			return errData
		}
	}
	return nil
}

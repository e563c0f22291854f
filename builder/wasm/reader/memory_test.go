package reader

import (
	"bytes"
	"testing"
)

// Memory that another call has written is zero for the next one, however that grows.
func TestMemoryIsZero(t *testing.T) {
	const page = 64 << 10
	s := &memories{keep: true}
	for i, sizes := range [][]uint64{{page, 3 * page, 4 * page}, {page}, {page, 2 * page, 4 * page}, {2 * page, 3 * page, 9 * page}, {page, 8 * page, 11 * page}} {
		m := s.allocate(0, 16*page)
		if kept := cap(m.(*doubling).bytes) > 0; kept != (i > 0) {
			t.Errorf("call %d: memory is kept: %v", i, kept)
		}
		var before []byte
		for _, size := range sizes {
			b := m.Reallocate(size)
			if uint64(len(b)) != size || !bytes.Equal(b[:len(before)], before) || len(bytes.Trim(b[len(before):], "\x00")) > 0 {
				t.Fatalf("call %d has other memory at %d bytes", i, size)
			}
			for k := range b {
				b[k] = byte(k*7 + i + 1)
			}
			before = bytes.Clone(b)
		}
		if m.Reallocate(17*page) != nil {
			t.Error("it grows beyond its limit")
		}
		m.Free()
	}
	if small := s.allocate(0, page).(*doubling); cap(small.bytes) > 0 {
		t.Error("a call has more memory than it may have")
	}
	none := &memories{}
	m := none.allocate(0, page)
	m.Reallocate(page)
	if m.Free(); none.spare != nil {
		t.Error("who keeps none kept some")
	}
}

package terminal

import (
	"testing"
)

// taken is what keys come of chunks that are typed or pasted.
func taken(chunks ...string) (keys string) {
	k := &Keyboard{keys: make(chan rune, 100)}
	for _, chunk := range chunks {
		k.take([]byte(chunk))
	}
	close(k.keys)
	for key := range k.keys {
		keys += string(key)
	}
	return keys
}

func TestWhatIsNoKey(t *testing.T) {
	for want, chunks := range map[string][]string{
		"rq": {"r", "q"},
		"r":  {"r\n", "\n", " ", "\t", "\x7f", "\r"},
		"":   {"\x1b[A", "\x1bq", "\x1b[200~quit\x1b[201~", "quick brown fox, r and q"},
		"é?": {"é", "?"},
		"rv": {"rv"},
	} {
		if got := taken(chunks...); got != want {
			t.Errorf("%q: %q, want %q", chunks, got, want)
		}
	}
}

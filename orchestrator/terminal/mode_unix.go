//go:build unix

package terminal

import "encoding/json"

// bytes are m for a keeper.
func (m *mode) bytes() []byte {
	line, _ := json.Marshal([]any{m.own, m.keys}) // structs of numbers: it cannot fail
	return line
}

// parseMode reads what bytes wrote.
func parseMode(line []byte) (*mode, bool) {
	m := &mode{}
	err := json.Unmarshal(line, &[]any{&m.own, &m.keys})
	return m, err == nil
}

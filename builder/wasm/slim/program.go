package slim

import (
	"debug/elf"
	"encoding/hex"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/zeebo/blake3"
)

// Program names the program that runs, to the byte: what another build of it noted does not count.
// It is "" when nobody can tell.
var Program = sync.OnceValue(func() string {
	path, err := os.Executable()
	if runtime.GOOS == "linux" {
		path, err = "/proc/self/exe", nil // also when another program lies at its path by now
	}
	if err != nil {
		return ""
	}
	if id := buildID(path); id != "" {
		return id
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := blake3.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
})

// buildID is what the go command wrote into a program: digests of what it was made from and of
// the program itself. One that somebody chose has another form, and does not count.
func buildID(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	note := f.Section(".note.go.buildid")
	if note == nil {
		return ""
	}
	data, err := note.Data()
	const head = 16 // three sizes, and the name "Go"
	if err != nil || len(data) < head {
		return ""
	}
	id := strings.TrimRight(string(data[head:]), "\x00")
	parts := strings.Split(id, "/")
	if len(parts) != 4 {
		return ""
	}
	for _, p := range parts {
		if len(p) != 20 {
			return ""
		}
	}
	return id
}

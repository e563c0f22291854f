package answers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

const (
	kept    = 64      // answers in the folder; older ones are asked for again
	largest = 1 << 20 // bytes of a note
	suffix  = ".answer"
)

// Folder keeps answers. A nil one keeps none.
type Folder struct{ path string }

// Users is the folder of who runs this program, nil where nobody is known.
func Users() *Folder {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	return In(filepath.Join(cache, "astrid-dev", "answers"))
}

// In is the folder at path, which is made with the first answer.
func In(path string) *Folder { return &Folder{path} }

// note is an answer as it is written, behind the checksum of its text.
type note struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
	Files    []file `json:"files"`
}

// Get is the answer to question, if it still counts.
func (f *Folder) Get(question string) (answer string, ok bool) {
	if f == nil || !fsys.IsMineAlone(f.path) {
		return "", false
	}
	data, err := fsys.Read(f.at(question), largest)
	if err != nil || len(data) < sha256.Size || sha256.Sum256(data[sha256.Size:]) != [sha256.Size]byte(data) {
		return "", false
	}
	var n note
	if json.Unmarshal(data[sha256.Size:], &n) != nil || n.Question != question || len(n.Files) == 0 {
		return "", false
	}
	for _, one := range n.Files {
		if now, ok := look(one.Path); !ok || now != one {
			return "", false
		}
	}
	return n.Answer, true
}

// Put keeps the answer to a question that was asked at the time asked, and that files alone decide. One
// that cannot be kept is asked for again, and no more.
func (f *Folder) Put(question, answer string, asked time.Time, files ...string) {
	if f == nil || len(files) == 0 || os.MkdirAll(f.path, 0o700) != nil || !fsys.IsMineAlone(f.path) {
		return
	}
	n := note{Question: question, Answer: answer}
	for _, path := range files {
		one, ok := look(path)
		if !ok || !one.settled(asked) {
			return
		}
		n.Files = append(n.Files, one)
	}
	text, err := json.Marshal(n)
	if err != nil || len(text) > largest-sha256.Size {
		return
	}
	sum := sha256.Sum256(text)
	err = fsys.ReplaceUnsynced(f.at(question), 0o600, func(w io.Writer) error {
		_, err := w.Write(append(sum[:], text...))
		return err
	})
	if err == nil {
		fsys.Trim(f.path, suffix, kept)
	}
}

func (f *Folder) at(question string) string {
	sum := sha256.Sum256([]byte(question))
	return filepath.Join(f.path, hex.EncodeToString(sum[:])+suffix)
}

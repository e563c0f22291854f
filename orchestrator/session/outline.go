package session

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// What a watch saw of the folders is kept for the next one of the same roots, which then asks for the stat of each and
// reads those that were written to since. It is a cache in the user's folder: losing it costs that every folder is read.

const (
	outlinesKept  = 16
	outlineLimit  = 256 << 20 // bytes
	outlineSuffix = ".outline"
)

// outlineFile is where the outline of roots is kept; "" where nobody is known whose it would be.
func outlineFile(roots []string) string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	name := sha256.Sum256([]byte(strings.Join(roots, "\x00")))
	return filepath.Join(cache, "astrid-dev", "outlines", hex.EncodeToString(name[:16])+outlineSuffix)
}

// keptOutline is what was kept for roots in a folder that nobody else can write; else one that knows nothing.
func keptOutline(roots []string) *tree.Outline {
	file := outlineFile(roots)
	if file == "" || !fsys.IsMineAlone(filepath.Dir(file)) {
		return &tree.Outline{}
	}
	data, err := fsys.Read(file, outlineLimit)
	if err != nil {
		return &tree.Outline{}
	}
	return tree.KeptOutline(data)
}

// keepOutline keeps o, unless all of it is kept already.
func keepOutline(roots []string, o *tree.Outline) {
	file := outlineFile(roots)
	if file == "" || !o.News() {
		return
	}
	data, folder := o.Keep(), filepath.Dir(file)
	if data == nil || os.MkdirAll(folder, 0o700) != nil || !fsys.IsMineAlone(folder) {
		return
	}
	err := fsys.ReplaceUnsynced(file, 0o600, func(w io.Writer) error { // what a crash leaves of it has another checksum
		_, err := w.Write(data)
		return err
	})
	if err == nil {
		fsys.Trim(folder, outlineSuffix, outlinesKept)
	}
}

package pack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// packedAt is the time of every entry: that of Rust's tar library, whose archives of equal
// content are equal too.
var packedAt = time.Unix(1153704088, 0)

// Write writes the archive to w. Its error is that of w or of a file that could not be read,
// or that changed its size since Of looked at it.
func (a *Archive) Write(w io.Writer) error {
	compressed := gzip.NewWriter(w) // without a name and a time
	archive := tar.NewWriter(compressed)
	for _, e := range a.Entries {
		if err := e.write(archive); err != nil {
			return fmt.Errorf("packing %s: %w", e.Name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compressed.Close()
}

func (e Entry) write(w *tar.Writer) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: e.Name, Size: e.Size, Mode: 0o644, ModTime: packedAt, Format: tar.FormatGNU}
	if e.Folder {
		h.Typeflag, h.Mode = tar.TypeDir, 0o755
		return w.WriteHeader(h)
	}
	content, done, err := e.open(h)
	if err != nil {
		return err
	}
	defer done()
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	n, err := io.Copy(w, content)
	if err == nil && n < e.Size {
		err = errors.New("it became shorter while it was read")
	}
	return err
}

// open opens the content, and makes h that of a program where it is one.
func (e Entry) open(h *tar.Header) (content io.Reader, done func(), err error) {
	if e.path == "" {
		return strings.NewReader(e.content), func() {}, nil
	}
	source, err := fsys.Open(e.path)
	if err != nil {
		return nil, nil, err
	}
	head := make([]byte, 4)
	n, err := io.ReadFull(source, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		source.Close()
		return nil, nil, err
	}
	info, err := source.Stat()
	if err != nil {
		source.Close()
		return nil, nil, err
	}
	if !e.module && (info.Mode()&0o111 != 0 || isProgram(head[:n])) {
		h.Mode = 0o755
	}
	return io.MultiReader(bytes.NewReader(head[:n]), source), func() { source.Close() }, nil
}

// isProgram knows a program by its first bytes, on systems without a mode that says so:
// scripts, ELF, Windows, and the four of macOS in both byte orders.
func isProgram(head []byte) bool {
	for _, begins := range []string{"#!", "\x7fELF", "MZ", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe",
		"\xca\xfe\xba\xbe", "\xca\xfe\xba\xbf", "\xbe\xba\xfe\xca", "\xbf\xba\xfe\xca"} {
		if bytes.HasPrefix(head, []byte(begins)) {
			return true
		}
	}
	return false
}

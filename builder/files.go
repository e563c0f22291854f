package builder

import (
	"encoding/hex"
	"io"
	"os"
	"path/filepath"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/regular"
)

// writeFile replaces path by data so that a reader, or a crash, sees the old or the new content.
func writeFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already when the rename came to pass
	if _, err = tmp.Write(data); err == nil {
		err = tmp.Sync()
	}
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return rename(tmp.Name(), path)
}

// rename moves from to to, and has both on disk when it returns.
func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// copyFile writes from's content to the new or truncated file to, has it on disk, and returns its BLAKE3 and size.
func copyFile(from, to string) (hash string, size int64, err error) {
	in, err := regular.Open(from)
	if err != nil {
		return "", 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return "", 0, err
	}
	h := blake3.New()
	size, err = io.Copy(io.MultiWriter(out, h), in)
	if err == nil {
		err = out.Sync()
	}
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// HashFile is the BLAKE3 of a regular file's content, 64 lower-case hex digits.
func HashFile(path string) (string, error) {
	in, err := regular.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	h := blake3.New()
	if _, err := io.Copy(h, in); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

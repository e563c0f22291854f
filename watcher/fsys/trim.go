package fsys

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// abandoned is how old a half-written note is that nobody writes any more.
const abandoned = time.Hour

// IsMineAlone reports whether folder is this user's, and nobody else can write in it.
func IsMineAlone(folder string) bool { return IsOwn(folder) && Lstat(folder).Mode&0o022 == 0 }

// Trim removes all but the newest files in folder whose names end so, and what killed processes left beside them.
func Trim(folder, suffix string, kept int) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	var notes []fs.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil:
		case strings.HasSuffix(e.Name(), suffix):
			notes = append(notes, info)
		case time.Since(info.ModTime()) > abandoned:
			os.Remove(filepath.Join(folder, e.Name()))
		}
	}
	NewestFirst(notes)
	for _, old := range notes[min(kept, len(notes)):] {
		os.Remove(filepath.Join(folder, old.Name()))
	}
}

// NewestFirst sorts files by when they were last written, those of one time by name.
func NewestFirst(files []fs.FileInfo) {
	slices.SortFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(b.ModTime().Compare(a.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
}

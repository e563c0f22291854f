package host

import (
	"errors"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// files is astrid:fs/host (host/fs/mod.rs, host/fs/resolve.rs and storage_vfs.rs). Of its
// functions the runtime has the seven that are not pending.
type files struct{ *World }

// maxContent is how many bytes a file may have that is read or written at once (host/util.rs).
const maxContent = 10 << 20

type datetime struct {
	Seconds     int64
	Nanoseconds uint32
}

type fileStat struct {
	Size                        uint64
	Kind                        fileType
	Mode                        uint32
	Modified, Created, Accessed *datetime
}

type (
	fileType string
	openMode string
)

// allowed holds a place against patterns of fs_read or fs_write (security/manifest_gate.rs).
// /tmp is a path of the machine in the runtime, and its workspace has none, so that only a
// pattern for all of the workspace lets it in.
func allowed(p place, patterns []string) bool {
	for _, pattern := range patterns {
		scheme := "cwd://"
		rel, inCwd := strings.CutPrefix(p.gate, "workspace://")
		inTmp := strings.HasPrefix(p.gate, "tmp://")
		if pattern == "*" || inTmp && pattern == "cwd://" {
			if inCwd || inTmp {
				return true
			}
			continue
		}
		if !inCwd {
			var home bool
			if rel, home = strings.CutPrefix(p.gate, "home://"); !home {
				continue
			}
			scheme = "home://"
		}
		suffix, ok := strings.CutPrefix(pattern, scheme)
		if !ok {
			continue
		}
		suffix = strings.TrimRight(suffix, "/")
		if inCwd {
			suffix = strings.Trim(suffix, "/")
		}
		if suffix == "" || rel == suffix || strings.HasPrefix(rel, suffix+"/") {
			return true
		}
	}
	return false
}

// forReading resolves a path that a guest wants to read.
func (f files) forReading(function, raw string) (place, error) {
	p, err := f.resolve(raw)
	if err == nil && !allowed(p, f.options.Capabilities.FSRead) {
		err = f.denied("astrid:fs/host."+function, raw, `[capabilities] fs_read = ["`+declaration(p)+`"]`)
	}
	return p, err
}

func (f files) forWriting(function, raw string) (place, error) {
	p, err := f.resolve(raw)
	if err == nil && !allowed(p, f.options.Capabilities.FSWrite) {
		err = f.denied("astrid:fs/host."+function, raw, `[capabilities] fs_write = ["`+declaration(p)+`"]`)
	}
	return p, err
}

// declaration is the scheme that a manifest would name for a place.
func declaration(p place) string {
	if strings.HasPrefix(p.gate, "home://") {
		return "home://"
	}
	return "cwd://"
}

// failed is an error of a tree as the guest gets it (host/fs/mod.rs, map_vfs_err).
func (p place) failed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errMissing):
		return fail("not-found")
	case errors.Is(err, errRefused):
		return fail("access")
	case errors.Is(err, errEscapes):
		return fail("boundary-escape")
	case errors.Is(err, errTooLarge):
		return fail("too-large")
	case errors.Is(err, errQuota):
		return unknown("storage quota exceeded")
	}
	var at *pathError
	if errors.As(err, &at) {
		return unknown(p.prefix + at.path)
	}
	return unknown(p.prefix + p.rel)
}

func (f files) exists(raw string) (bool, error) {
	p, err := f.forReading("fs-exists", raw)
	if err != nil {
		return false, err
	}
	_, _, err = p.tree.stat(p.rel)
	return err == nil, nil
}

func (f files) mkdir(raw string) error {
	p, err := f.forWriting("fs-mkdir", raw)
	if err != nil {
		return err
	}
	if parent, _, _ := cutLast(p.rel); parent != "" {
		if _, _, err := p.tree.stat(parent); err != nil {
			return fail("not-found")
		}
	}
	return p.makeAll()
}

func (f files) mkdirAll(raw string) error {
	p, err := f.forWriting("fs-mkdir-all", raw)
	if err != nil {
		return err
	}
	return p.makeAll()
}

func (p place) makeAll() error {
	if p.rel == "" {
		return fail("access")
	}
	return p.failed(p.tree.makeAll(p.rel))
}

func (f files) readdir(raw string) ([]string, error) {
	p, err := f.forReading("fs-readdir", raw)
	if err != nil {
		return nil, err
	}
	names, err := p.tree.list(p.rel)
	return names, p.failed(err)
}

func (f files) stat(raw string) (fileStat, error) {
	p, err := f.forReading("fs-stat", raw)
	if err != nil {
		return fileStat{}, err
	}
	k, size, err := p.tree.stat(p.rel)
	if err != nil {
		return fileStat{}, p.failed(err)
	}
	s := fileStat{Size: uint64(size), Kind: "regular", Modified: &datetime{}}
	if k == aFolder {
		s.Kind = "directory"
	}
	return s, nil
}

func (f files) unlink(raw string) error {
	p, err := f.forWriting("fs-unlink", raw)
	if err != nil {
		return err
	}
	if p.rel == "" {
		return fail("access")
	}
	return p.failed(p.tree.remove(p.rel))
}

func (f files) readFile(raw string) ([]byte, error) {
	p, err := f.forReading("read-file", raw)
	if err != nil {
		return nil, err
	}
	if p.rel == "" {
		return nil, fail("access")
	}
	b, err := p.tree.read(p.rel, maxContent)
	return b, p.failed(err)
}

func (f files) writeFile(raw string, content []byte) error {
	if len(content) > maxContent {
		return fail("too-large")
	}
	p, err := f.forWriting("write-file", raw)
	if err != nil {
		return err
	}
	if p.rel == "" {
		return fail("access")
	}
	return p.failed(p.tree.write(p.rel, content))
}

func (f files) functions() functions {
	return functions{
		"fs-exists": f.exists, "fs-mkdir": f.mkdir, "fs-mkdir-all": f.mkdirAll, "fs-readdir": f.readdir,
		"fs-stat": f.stat, "fs-unlink": f.unlink, "read-file": f.readFile, "write-file": f.writeFile,
		// What the runtime has as a name only, with its own words (host/fs/mod.rs, file_handle.rs).
		"fs-open": func(string, openMode) (abi.Rep, error) {
			return 0, unknown("fs-open: FileHandle resource port pending")
		},
		"fs-stat-symlink":   func(string) (fileStat, error) { return fileStat{}, unknown("fs-stat-symlink: lstat port pending") },
		"fs-append":         func(string, []byte) error { return unknown("fs-append: append-mode port pending") },
		"fs-copy":           func(string, string) error { return unknown("fs-copy: VFS copy port pending") },
		"fs-rename":         func(string, string) error { return unknown("fs-rename: VFS rename port pending") },
		"fs-remove-dir-all": func(string) (uint64, error) { return 0, unknown("fs-remove-dir-all: recursive remove port pending") },
		"fs-canonicalize": func(string) (string, error) {
			return "", unknown("fs-canonicalize: VFS-scheme canonicalization port pending")
		},
		"fs-read-link": func(string) (string, error) { return "", unknown("fs-read-link: readlink port pending") },
		"fs-hard-link": func(string, string) error {
			return unknown("fs-hard-link: cross-scheme guard + hard-link port pending")
		},
		"[method]file-handle.read-at": func(abi.Rep, uint64, uint32) ([]byte, error) {
			return nil, unknown("FileHandle.read-at: positional read port pending")
		},
		"[method]file-handle.write-at": func(abi.Rep, uint64, []byte) (uint32, error) {
			return 0, unknown("FileHandle.write-at: positional write port pending")
		},
		"[method]file-handle.sync-data": func(abi.Rep) error { return unknown("FileHandle.sync-data: fdatasync port pending") },
		"[method]file-handle.sync-all":  func(abi.Rep) error { return unknown("FileHandle.sync-all: fsync port pending") },
		"[method]file-handle.stat": func(abi.Rep) (fileStat, error) {
			return fileStat{}, unknown("FileHandle.stat: fstat port pending")
		},
		"[method]file-handle.set-len": func(abi.Rep, uint64) error { return unknown("FileHandle.set-len: ftruncate port pending") },
	}
}

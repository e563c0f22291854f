package toolchain

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Identity is what decides, besides files, what a build makes. Both parts hold neither the
// folder of a build nor its temporary one.
type Identity struct {
	// Portable means the same on another machine and in another checkout: the tool's name
	// and what it says of its version, target, flags, profile, the command with paths as
	// seen from the capsule. Only this may be shared.
	Portable []string
	// Local is what this machine knows besides: absolute paths, and stamps of programs,
	// which change with every installation.
	Local []string
}

// portable is a command as another checkout has it: its program by name, and folders as
// seen from the capsule.
func (j *job) portable(argv []string) []string {
	var list []string
	for i, arg := range argv {
		if i == 0 && !fsys.Inside(j.dir, arg) {
			arg = filepath.Base(arg)
		}
		list = append(list, j.seenFromCapsule(arg))
	}
	return list
}

// seenFromCapsule is text with the capsule's own folder taken out of it.
func (j *job) seenFromCapsule(text string) string {
	for start := 0; ; {
		i := strings.Index(text[start:], j.dir)
		if i < 0 {
			return text
		}
		i += start
		end := i + len(j.dir)
		if end < len(text) && isNamePart(text[end]) { // another folder whose name begins so
			start = end
			continue
		}
		text = text[:i] + "$CAPSULE_DIR" + filepath.ToSlash(text[end:])
		start = i + len("$CAPSULE_DIR")
	}
}

func isNamePart(c byte) bool {
	return c >= 0x80 || c == '-' || c == '_' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// steering are the variables that match accepts, for both parts.
func (j *job) steering(match func(name string) bool) (local, portable []string) {
	local = j.env.matching(match)
	for _, entry := range local {
		portable = append(portable, j.seenFromCapsule(entry))
	}
	return local, portable
}

// contentOf names a program by its content, which is the same wherever it is installed; by
// its stamp, which nobody else has, where it cannot be read. It is read once for each stamp.
func contentOf(program string) string {
	program = resolved(program)
	return remembered("content\x00"+stamp(program), func() (answer, bool) {
		f, err := fsys.Open(program)
		if err != nil {
			return answer{text: stamp(program), ok: true}, true
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return answer{text: stamp(program), ok: true}, true
		}
		return answer{text: path.Base(filepath.ToSlash(program)) + " " + hex.EncodeToString(h.Sum(nil)), ok: true}, true
	}).text
}

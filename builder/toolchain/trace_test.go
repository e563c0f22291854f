package toolchain

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

func TestParseTrace(t *testing.T) {
	log := strings.Join([]string{
		`openat(AT_FDCWD</w>, "plain", O_RDONLY|O_CLOEXEC) = 3</w/plain>`,
		`open("/w/old", O_RDONLY) = 3</w/old>`,
		`openat2(AT_FDCWD</w>, "new", {flags=O_RDONLY, resolve=0}, 24) = 3</w/new>`,
		`openat(5</w/sub>, "../both", O_RDWR) = 6</w/both>`,
		`openat(AT_FDCWD</w>, "\303\244 <a> \"b\n.txt", O_RDONLY) = 3</w/\303\244 \74a\76 \"b\n\\.txt>`,
		`openat(AT_FDCWD</w>, ".", O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_DIRECTORY) = 3</w>`,
		`openat(AT_FDCWD</w>, "out", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</w/out>`,
		`openat(AT_FDCWD</w>, "made", O_RDWR|O_CREAT, 0666) = 3</w/made>`,
		`openat(AT_FDCWD</w>, "missing", O_RDONLY) = -1 ENOENT (No such file or directory)`,
		`openat(AT_FDCWD</w>, "gone", O_RDONLY) = 3</w/gone>(deleted)`,
		`openat(AT_FDCWD</w>, "torn", O_RDON`,
	}, "\n")
	want := []string{"/w/plain", "/w/old", "/w/new", "/w/both", "/w/ä <a> \"b\n\\.txt"}
	if diff := cmp.Diff(want, parseTrace([]byte(log))); diff != "" {
		t.Error(diff)
	}
}

func TestTracerIsMissed(t *testing.T) {
	j := job{dir: t.TempDir(), env: environ{"PATH=" + t.TempDir()}}
	j.Manifest = &capsule.Manifest{Dev: capsule.Settings{TraceReads: true}}
	_, err := j.tracer()
	var failure *finding.Failure
	if !errors.As(err, &failure) || failure.Findings[0].Code != finding.ToolMissing || !strings.Contains(failure.Findings[0].Message, "strace") {
		t.Errorf("on %s: %v", runtime.GOOS, err)
	}
	j.Manifest = &capsule.Manifest{}
	if path, err := j.tracer(); path != "" || err != nil {
		t.Errorf("nobody asked: %q, %v", path, err)
	}
}

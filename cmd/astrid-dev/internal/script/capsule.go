package script

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdCapsule writes a capsule that builds in milliseconds: its module holds the
// first five bytes of src.txt, which says "one", and a checksum of all files in the folder and
// in those that $READS names, so that another input makes another module; an empty src.txt
// fails the build. Its name is the folder's; LINEs are settings.
func cmdCapsule(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	manifest := fmt.Sprintf(`[package]
name = %q
version = "0.1.0"

[[component]]
file = "cap.wasm"

[package.metadata.astrid-dev]
build = ["sh", "build.sh"]
%s
`, filepath.Base(dir), strings.Join(args[1:], "\n"))
	build := `test -s src.txt || exit 3
test -z "$LOG" || echo "$(basename "$PWD") $(cat src.txt)" >> "$LOG"
all=$(find . $READS \( -name target -o -name .git \) -prune -o \( -type f -o -type l \) ! -name cap.wasm -exec cksum {} + | sort | cksum)
printf '\0asm\001\0\0\0\0\006\005%-5.5s\0\013\012%010d' "$(cat src.txt)" "${all%% *}" > "$CAPSULE_OUT"
`
	for name, text := range map[string]string{"src.txt": "one\n", "build.sh": build, "Capsule.toml": manifest} {
		ts.Check(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
}

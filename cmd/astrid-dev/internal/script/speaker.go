package script

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// cmdSpeaker writes a capsule that the runtime loads, and that builds in milliseconds: its
// only tool has the name that src.txt says, of five letters, "greet" at first; an empty
// src.txt fails the build, and one that says "plain" makes a core module. Its command say
// answers loudly and logs what it was asked. Its name is the folder's; LINEs are more lines
// of the manifest.
func cmdSpeaker(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	name := filepath.Base(dir)
	ts.Check(os.MkdirAll(dir, 0o755))
	module, err := os.ReadFile(filepath.Join(testkit.Root(), "builder", "daemon", "testdata", "speaker", "speaker.wasm"))
	ts.Check(err)
	manifest := fmt.Sprintf(`[package]
name = %q
version = "0.1.0"

[[component]]
id = %[1]q
file = "out.wasm"

[[command]]
name = "say"
kind = "cli"
description = "Says it loudly"

[publish]
"cli.v1.command.result.*" = { wit = "opaque" }
"tool.v1.execute.*.result" = { wit = "@unicity-astrid/wit/types/tool-call-result" }
"tool.v1.response.describe.*" = { wit = "@unicity-astrid/wit/tool/describe-response" }

[subscribe]
"cli.v1.command.run.%[2]s" = { wit = "opaque", handler = "command" }
"tool.v1.request.describe" = { wit = "@unicity-astrid/wit/tool/describe-request", handler = "tool_describe" }

[package.metadata.astrid-dev]
build = ["sh", "build.sh"]
%[3]s
`, name, name, strings.Join(args[1:], "\n"))
	build := `test -s src.txt || exit 3
word=$(head -c5 src.txt)
if test $word = plain; then printf '\0asm\001\0\0\0' > "$CAPSULE_OUT"; exit; fi
LC_ALL=C sed "s/greet/$word/g" module.bin > "$CAPSULE_OUT"
`
	for name, text := range map[string]string{"src.txt": "greet\n", "build.sh": build, "Capsule.toml": manifest, "module.bin": string(module)} {
		ts.Check(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
}

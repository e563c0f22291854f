// Package examples carries the source of the example capsules.
//
// hello-go is not among them: it is a module of its own, so that a copy of its
// folder builds anywhere, and such a folder cannot be embedded.
package examples

import "embed"

// Files holds hello-sdk, hello-rust, hello-assemblyscript, hello-js, hello-c and hello-zig, as they
// are in the repository. Every file is named here, since a folder would bring
// along what builds leave in it.
//
//go:embed hello-sdk/Capsule.toml hello-sdk/Cargo.toml hello-sdk/Cargo.lock hello-sdk/README.md
//go:embed hello-sdk/rust-toolchain.toml hello-sdk/.cargo/config.toml hello-sdk/src/lib.rs hello-sdk/tests/tools.toml
//go:embed hello-rust/Capsule.toml hello-rust/Cargo.toml hello-rust/Cargo.lock hello-rust/README.md
//go:embed hello-rust/rust-toolchain.toml hello-rust/.cargo/config.toml hello-rust/src/abi.rs hello-rust/src/lib.rs
//go:embed hello-rust/world.bin hello-rust/wit/world.wit hello-rust/wit/deps/astrid-guest/guest.wit hello-rust/tests/slug.toml
//go:embed hello-assemblyscript/Capsule.toml hello-assemblyscript/README.md hello-assemblyscript/asconfig.json
//go:embed hello-assemblyscript/assembly/abi.ts hello-assemblyscript/assembly/index.ts hello-assemblyscript/contract.mjs
//go:embed hello-assemblyscript/package.json hello-assemblyscript/package-lock.json
//go:embed hello-assemblyscript/world.bin hello-assemblyscript/wit/world.wit hello-assemblyscript/wit/deps/astrid-guest/guest.wit hello-assemblyscript/tests/checksum.toml
//go:embed hello-js/Capsule.toml hello-js/README.md hello-js/capsule.js hello-js/tools.js hello-js/engine.mjs
//go:embed hello-js/package.json hello-js/package-lock.json
//go:embed hello-js/wit/world.wit hello-js/wit/deps/astrid-guest/guest.wit hello-js/wit/deps/astrid-ipc/ipc.wit hello-js/wit/deps/astrid-sys/sys.wit hello-js/tests/tools.toml
//go:embed hello-c/Capsule.toml hello-c/README.md hello-c/Makefile hello-c/world.bin
//go:embed hello-c/abi.c hello-c/capsule.c hello-c/capsule.h hello-c/json.c hello-c/tools.c
//go:embed hello-c/wit/world.wit hello-c/wit/deps/astrid-guest/guest.wit hello-c/wit/deps/astrid-ipc/ipc.wit hello-c/tests/tools.toml
//go:embed hello-zig/Capsule.toml hello-zig/README.md hello-zig/build.zig
//go:embed hello-zig/src/capsule.zig hello-zig/src/contract.zig hello-zig/src/world.bin
//go:embed hello-zig/wit/world.wit hello-zig/wit/deps/astrid-guest/guest.wit hello-zig/wit/deps/astrid-ipc/ipc.wit hello-zig/tests/tools.toml
var Files embed.FS

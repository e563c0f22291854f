#!/usr/bin/env bash
# Makes reader.wasm again, byte for byte. Needs the Rust of .ci/toolchains (release 1.96.0
# with the library for wasm32-unknown-unknown) and the crates that Cargo.lock names.
#
#   build.sh          writes reader.wasm and reader.wasm.b3
#   build.sh --check  builds into another folder and compares
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
want=1.96.0
: "${RUSTUP_TOOLCHAIN:=web}" "${CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER:=wasm-ld}"
export RUSTUP_TOOLCHAIN CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER
have=$(rustc --version | cut -d' ' -f2)
[ "$have" = "$want" ] || { echo "reader.wasm is built with Rust $want, here is $have: the bytes would differ" >&2; exit 1; }

target=${READER_TARGET:-$here/target}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
# No path of the machine may get into the module, and none may decide about its bytes.
export CARGO_ENCODED_RUSTFLAGS=
CARGO_ENCODED_RUSTFLAGS+="--remap-path-prefix=$here=/reader"
CARGO_ENCODED_RUSTFLAGS+=$'\x1f'"--remap-path-prefix=$cargo_home=/cargo"
CARGO_ENCODED_RUSTFLAGS+=$'\x1f'"--remap-path-prefix=$target=/target"
# Where crates are unpacked says which registry they came from; the last that fits counts.
for crates in "$cargo_home"/registry/src/*/; do
	CARGO_ENCODED_RUSTFLAGS+=$'\x1f'"--remap-path-prefix=${crates%/}=/crates"
done
unset RUSTFLAGS
cd "$here"
cargo build --release --locked --lib --target wasm32-unknown-unknown --target-dir "$target"
made=$target/wasm32-unknown-unknown/release/astrid_reader.wasm
if [ "${1-}" = --check ]; then
	cmp "$made" reader.wasm && echo "reader.wasm is what its sources build"
	exit
fi
cp "$made" reader.wasm
b3sum --no-names reader.wasm > reader.wasm.b3

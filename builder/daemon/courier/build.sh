#!/bin/sh
# Builds courier.wasm, with the Rust of .ci/toolchains and the astrid-dev in PATH. Where crates lay on
# the machine that built it is blanked in the module, byte for byte. SHA256SUMS says what it was built from.
set -eu
cd "$(dirname "$0")"
work=${TMPDIR:-/tmp}/astrid-dev-courier
mkdir -p "$work/courier"
cp -R Capsule.toml Cargo.toml Cargo.lock .cargo src "$work/courier/"
CARGO_TARGET_DIR="$work/target" astrid-dev build "$work/courier"
cp "$work/courier/courier.wasm" .
CRATES=${CARGO_HOME:-$HOME/.cargo}/registry/src/ perl -pi -e 's{\Q$ENV{CRATES}\E[^/]*}{"." x length $&}ge' courier.wasm
sha256sum Capsule.toml Cargo.toml Cargo.lock .cargo/config.toml src/lib.rs courier.wasm >SHA256SUMS

#!/bin/sh
# Builds the test capsules, each in a copy, and takes over their modules.
set -eu
cd "$(dirname "$0")"
work=${TMPDIR:-/tmp}/astrid-dev-test-capsules
for name in conformance play ticker; do
    mkdir -p "$work/$name"
    cp -R "$name/." "$work/$name/"
    CARGO_TARGET_DIR="$work/target" astrid-dev build "$work/$name"
    cp "$work/$name/$name.wasm" "$name/"
done

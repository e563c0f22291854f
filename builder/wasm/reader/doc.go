// Package reader reads WebAssembly as Astrid's runtime does.
//
// It calls reader.wasm, which is the front end of the runtime's own engine: wasmparser
// validates, wit-component wraps, wasmtime-environ plans. The sources lie in src, and
// build.sh makes the module again, byte for byte. It has no imports, so that whatever
// the bytes are that it is given, it can only compute; a Reader bounds its memory, and
// ends it with the context.
package reader

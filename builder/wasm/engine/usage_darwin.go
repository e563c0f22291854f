package engine

// maxrssUnit: macOS counts bytes.
const maxrssUnit = 1

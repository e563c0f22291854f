package smoke

// maxrssUnit: macOS counts bytes.
const maxrssUnit = 1

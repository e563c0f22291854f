//go:build unix && !darwin

package smoke

// maxrssUnit: Linux and the BSDs count kilobytes.
const maxrssUnit = 1 << 10

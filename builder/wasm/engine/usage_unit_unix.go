//go:build unix && !darwin

package engine

// maxrssUnit: Linux and the BSDs count kilobytes.
const maxrssUnit = 1 << 10

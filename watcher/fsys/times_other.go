//go:build !linux

package fsys

// KeepsTimes reports whether every change of a file shows in its times. Where nobody knows it, it does not.
func (d *Dir) KeepsTimes() bool { return false }

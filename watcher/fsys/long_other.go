//go:build !unix

package fsys

// MaxPath is how many bytes a path may have that is handed to the system at once; 0 is no limit.
const MaxPath = 0

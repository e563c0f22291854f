// Package fsys is the file system as this program needs it, and the only home of what
// differs between systems: describing and listing what stands at a path, opening only
// what is a regular file, replacing a file so that a crash leaves the old or the new
// one, locks that end with the process, and questions about paths.
//
// The layers of its files, each of which uses only those before it: paths.go; info.go,
// dir_*.go and regular.go, which read; sync_*.go, lock_*.go, replace.go, root.go and trim.go, which
// write.
package fsys

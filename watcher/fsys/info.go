package fsys

import "time"

// Kind is what stands at a path.
type Kind uint8

const (
	Missing Kind = iota
	File
	Folder
	Link
	Other // a device, a FIFO, a socket
)

func (k Kind) String() string {
	return [...]string{"missing", "file", "folder", "link", "other"}[k]
}

// Identity tells a file or folder from another one at the same path. It is zero where
// the system does not say.
type Identity struct{ Dev, Ino uint64 }

// Info describes what stands at a path. The zero Info is of nothing.
type Info struct {
	Kind         Kind
	ID           Identity
	Mode         uint32 // as the system has it
	Size         int64
	Mtime, Ctime int64 // ns since 1970; Ctime is 0 where the system has none
}

// Exec reports whether somebody may run the file; false where the system has no such mode.
func (i Info) Exec() bool { return i.Mode&0o111 != 0 }

// LastChange is when the file or folder at path was last changed itself, moves
// included, as far as the system notes it; zero when it is not there.
func LastChange(path string) time.Time {
	i := Lstat(path)
	switch {
	case i.Kind == Missing:
		return time.Time{}
	case i.Ctime == 0:
		return time.Unix(0, i.Mtime)
	}
	return time.Unix(0, i.Ctime)
}

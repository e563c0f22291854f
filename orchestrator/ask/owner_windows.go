package ask

import "io/fs"

// hasModes: Windows keeps who may enter a folder elsewhere; the user's temporary folder is
// the user's own.
const hasModes = false

func ownedByMe(fs.FileInfo) bool { return true }

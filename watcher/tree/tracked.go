package tree

import "path/filepath"

// Tracked reports whether git tracks the file at an absolute path: whether it is in the
// index of the repository around it. An index that cannot be read tracks everything.
func Tracked(file string) bool {
	folder, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return false
	}
	for top := folder; ; top = filepath.Dir(top) {
		if repo := openRepository(top, nil); repo != nil {
			rel, err := filepath.Rel(top, filepath.Join(folder, filepath.Base(file)))
			return err == nil && repo.index.tracks(filepath.ToSlash(rel))
		}
		if top == filepath.Dir(top) {
			return false
		}
	}
}

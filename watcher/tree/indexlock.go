package tree

import "path/filepath"

// IndexLock is the file that git makes while it rewrites the work tree that
// the root lies in, existing or not: index.lock of the git dir that .git
// resolves to. "" outside a repository, and for Astrid and Func.
func (r *Rules) IndexLock() string {
	if r.own == nil || r.own.top.repo == nil {
		return ""
	}
	return filepath.Join(r.own.top.repo.dir, "index.lock")
}

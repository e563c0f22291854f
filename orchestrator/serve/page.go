package serve

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// The page is what a browser takes as it stands: no step of a build makes it.
//
//go:embed page
var embedded embed.FS

// types are those of the page's files. What the machine believes of them does not count.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// file is one of the page's.
type file struct {
	kind    string
	content []byte
}

// pageFiles are the page's files by the path of their URL.
func pageFiles() (map[string]file, error) {
	files := map[string]file{}
	err := fs.WalkDir(embedded, "page", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		kind, known := types[path.Ext(name)]
		if !known {
			return fmt.Errorf("the page has a file of a kind that nobody knows: %s", name)
		}
		content, err := embedded.ReadFile(name)
		files[strings.TrimSuffix(strings.TrimPrefix(name, "page"), "index.html")] = file{kind, content}
		return err
	})
	return files, err
}

// page answers with one of the page's files. They say nothing of what is watched, so that they need no token.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	f, known := s.files[r.URL.Path]
	switch {
	case !known:
		(&failure{http.StatusNotFound, "there is nothing at " + r.URL.Path, ""}).write(w)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		(&failure{http.StatusMethodNotAllowed, "the page is only read", ""}).write(w)
	default:
		w.Header().Set("Content-Type", f.kind)
		_, _ = w.Write(f.content)
	}
}

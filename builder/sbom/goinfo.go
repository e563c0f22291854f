package sbom

import (
	"bytes"
	"runtime/debug"
)

// The bytes that Go's linker writes around what it says of the modules that a program is made of
// (cmd/go/internal/modload, infoStart and infoEnd). debug/buildinfo does not read WebAssembly.
var (
	infoStart = []byte("\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6")
	infoEnd   = []byte("\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2")
)

// goModules are the Go modules that the linker names; nil where it has not written any.
func goModules(module []byte) (list []Component) {
	_, rest, ok := bytes.Cut(module, infoStart)
	if !ok {
		return nil
	}
	text, _, ok := bytes.Cut(rest, infoEnd)
	if !ok {
		return nil
	}
	info, err := debug.ParseBuildInfo(string(text))
	if err != nil {
		return nil
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c := Component{Type: "library", Name: m.Path, Version: m.Version, Properties: []Property{{"astrid-dev:from", "go build info"}}}
		if m.Version != "" {
			c.PackageURL = "pkg:golang/" + m.Path + "@" + m.Version
		}
		list = append(list, c)
	}
	return list
}

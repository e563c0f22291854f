package pack

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

const (
	witFolder = "wit"
	// stubWIT stands for the WIT of a capsule that has none: the SDK's needs a package
	// beside it. The text is that of the ecosystem's packer.
	stubWIT       = "package astrid:capsule-stub@1.0.0;\n\ninterface stub {}\n"
	stubName      = "wit/capsule.wit"
	contractsName = "wit/deps/astrid-contracts/astrid-contracts.wit"
)

func (a *Archive) addModule(s Source) error {
	m := s.Manifest
	file := s.Module
	if file == "" {
		file = filepath.Join(m.Dir, filepath.FromSlash(m.Components[0].File))
	}
	source, err := fsys.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return refused(m.Components[0].File, "build the capsule first", "the module is not there")
	}
	if err != nil {
		return err
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return err
	}
	a.Entries = append(a.Entries, Entry{Name: packedName(m), Size: info.Size(), path: file, module: true})
	return nil
}

// Whether a folder's own folders have entries of their own.
const (
	filesOnly   = false
	withFolders = true
)

// addFolder adds what lies in the folder called name of dir, which need not be there:
// depth first, each folder's content in the order of names.
func (a *Archive) addFolder(dir, name string, folders bool) error {
	place := filepath.Join(dir, filepath.FromSlash(name))
	switch info := fsys.Lstat(place); info.Kind {
	case fsys.Missing:
		return nil
	case fsys.Folder:
	default:
		return refused(name, "make it a folder, or give it another name", "it is a %s, and a package takes a folder of that name whole", info.Kind)
	}
	if folders {
		a.Entries = append(a.Entries, Entry{Name: name, Folder: true})
	}
	var names []string
	found := map[string]fsys.Info{}
	if err := fsys.List(place, func(inner string, i fsys.Info) {
		names = append(names, inner)
		found[inner] = i
	}); err != nil {
		return err
	}
	slices.Sort(names)
	for _, inner := range names {
		if err := a.addOne(dir, path.Join(name, inner), found[inner], folders); err != nil {
			return err
		}
	}
	return nil
}

func (a *Archive) addOne(dir, name string, info fsys.Info, folders bool) error {
	switch {
	case !utf8.ValidString(name) || strings.ContainsRune(name, '\\'):
		return refused(name, "rename it", "the name is not one that a package may hold")
	case info.Kind == fsys.Folder:
		return a.addFolder(dir, name, folders)
	case info.Kind == fsys.File:
		a.Entries = append(a.Entries, Entry{Name: name, Size: info.Size, path: filepath.Join(dir, filepath.FromSlash(name))})
		return nil
	}
	return refused(name, "put the file itself there", "it is a %s, and the runtime takes packages of files and folders only", info.Kind)
}

// addWIT adds the capsule's own WIT and that of its SDK.
func (a *Archive) addWIT(s Source) error {
	before := len(a.Entries)
	if err := a.addFolder(s.Manifest.Dir, witFolder, withFolders); err != nil || s.Contracts == "" {
		return err
	}
	info, err := os.Stat(s.Contracts)
	if err != nil {
		return err
	}
	wit := a.Entries[before:]
	if len(wit) == 0 {
		wit = []Entry{{Name: witFolder, Folder: true}, {Name: stubName, Size: int64(len(stubWIT)), content: stubWIT}}
	}
	wit = slices.DeleteFunc(wit, func(e Entry) bool { return e.Name == contractsName })
	for _, folder := range []string{path.Dir(path.Dir(contractsName)), path.Dir(contractsName)} {
		if !slices.ContainsFunc(wit, func(e Entry) bool { return e.Name == folder }) {
			wit = append(wit, Entry{Name: folder, Folder: true})
		}
	}
	wit = append(wit, Entry{Name: contractsName, Size: info.Size(), path: s.Contracts})
	slices.SortStableFunc(wit, func(a, b Entry) int { return slices.Compare(strings.Split(a.Name, "/"), strings.Split(b.Name, "/")) })
	a.Entries = append(a.Entries[:before], wit...)
	return nil
}

package component

// RenameImports returns the module with its imports renamed by f, which is called with each
// import's position and names in order and returns the new ones. Only the import section is
// encoded anew; a module without imports is returned as it is. The error is an *Error.
func RenameImports(module []byte, f func(i int, imp ModuleImport) (module, name string)) ([]byte, error) {
	return nil, errNotYet
}

// BridgeExport gives import number Import the name Name.
type BridgeExport struct {
	Name   string
	Import int // index into the bridge's imports
}

// Bridge returns a module that imports everything in imports and exports it again. The
// imports' types must be complete (Type.Func for functions). The error is non-nil for an
// import index out of range, a name exported twice, or a type that cannot be written.
func Bridge(imports []ModuleImport, exports []BridgeExport) ([]byte, error) { return nil, errNotYet }

package event

import _ "embed" // for the schema

// Schema is the JSON Schema of one line of wire format 1, as this release writes it: it
// allows no kind and no field but those of this package.
//
//go:embed schema.json
var Schema []byte

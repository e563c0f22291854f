package report

import (
	"io"
)

// SchemaID is the address of the JSON Schema (draft 2020-12) that every JSON report follows:
// schema.json beside this file.
const SchemaID = "https://raw.githubusercontent.com/astrid-runtime/astrid-dev/main/orchestrator/report/schema.json"

// JSON writes r as one indented JSON document that follows Schema.
func JSON(w io.Writer, r Report) error {
	type fields Report
	document := struct {
		Schema string `json:"$schema"`
		fields
	}{SchemaID, fields(prepare(r))}
	return indented(w, document, "json")
}

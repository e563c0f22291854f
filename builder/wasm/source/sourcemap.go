package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// parseMap are the rows of a source map (version 3) of a module. Its columns are bytes of the
// module; code is where the code section's content begins in it.
func parseMap(text []byte, code uint64) ([]row, error) {
	var m struct {
		Version  int
		Sources  []string
		Mappings string
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("the source map is no JSON: %w", err)
	}
	if m.Version != 3 {
		return nil, fmt.Errorf("the source map has version %d, not 3", m.Version)
	}
	first, _, _ := strings.Cut(m.Mappings, ";") // a module has one line
	var rows []row
	var at, source, line, column int
	for segment := range strings.SplitSeq(first, ",") {
		if segment == "" {
			continue
		}
		fields, err := digits(segment)
		if err != nil {
			return nil, err
		}
		at += fields[0]
		r := row{end: true} // a segment of one field: from here on nothing is known
		if len(fields) >= 4 {
			source, line, column = source+fields[1], line+fields[2], column+fields[3]
			if source < 0 || source >= len(m.Sources) || line < 0 || column < 0 {
				return nil, errors.New("the source map names a source that it does not list")
			}
			r = row{file: m.Sources[source], line: line + 1, column: column + 1}
		}
		if at < int(code) {
			continue // what lies before the code
		}
		r.address = uint64(at) - code
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, byAddress)
	return rows, nil
}

const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// digits reads a segment's numbers: base 64, the lowest five bits first, the lowest bit the sign.
func digits(segment string) (fields []int, err error) {
	value, shift := 0, 0
	for _, c := range []byte(segment) {
		digit := strings.IndexByte(base64, c)
		if digit < 0 || shift > 30 {
			return nil, fmt.Errorf("the source map has a segment %q that cannot be read", segment)
		}
		value |= digit & 31 << shift
		if shift += 5; digit&32 != 0 {
			continue
		}
		if fields = append(fields, value>>1); value&1 != 0 {
			fields[len(fields)-1] *= -1
		}
		value, shift = 0, 0
	}
	if shift != 0 || len(fields) == 0 {
		return nil, fmt.Errorf("the source map has a segment %q that ends too early", segment)
	}
	return fields, nil
}

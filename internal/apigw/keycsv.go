package apigw

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// KeyRow is one row of an imported key file.
type KeyRow struct {
	// Line is the row's line in the file, from 1.
	Line int
	Key  APIKey
	// Plans are the plans that the key is to be put into.
	Plans []PlanID
}

// ParseKeys reads the key file of ImportApiKeys: a header line with the columns Name and Key and perhaps
// Description, Enabled (true unless it says otherwise) and UsagePlanIds, in any order and case; other
// columns are ignored. A field may stand in double or single quotes. See "API Gateway API key file format"
// in the developer guide.
//
// A row that cannot be a key becomes a warning. A file without its columns is an error.
func ParseKeys(file string) (rows []KeyRow, warnings []string, err error) {
	if !utf8.ValidString(file) {
		return nil, nil, Refuse(BadRequest, "Invalid API key file: it is not UTF-8 text")
	}
	file = strings.TrimPrefix(file, "\ufeff")
	var columns map[string]int
	line := 0
	for text := range strings.Lines(file) {
		line++
		text = strings.TrimRight(text, "\r\n")
		if strings.TrimSpace(text) == "" {
			continue
		}
		fields, ok := splitCSV(text)
		if !ok {
			if columns == nil {
				return nil, nil, Refuse(BadRequest, "Invalid API key file: the header has an open quote")
			}
			warnings = append(warnings, fmt.Sprintf("Line %d: a quote is not closed", line))
			continue
		}
		if columns == nil {
			if columns, err = keyColumns(fields); err != nil {
				return nil, nil, err
			}
			continue
		}
		row := keyRow(columns, fields)
		row.Line = line
		if err := row.Key.Check(); err != nil {
			warnings = append(warnings, fmt.Sprintf("Line %d: %s", line, err))
			continue
		}
		rows = append(rows, row)
	}
	if columns == nil {
		return nil, nil, Refuse(BadRequest, "Invalid API key file: it has no header")
	}
	return rows, warnings, nil
}

func keyColumns(fields []string) (map[string]int, error) {
	columns := map[string]int{}
	for i, name := range fields {
		name = lower(strings.TrimSpace(name))
		if _, twice := columns[name]; twice {
			return nil, Refuse(BadRequest, "Invalid API key file: column %s occurs twice", name)
		}
		columns[name] = i
	}
	for _, name := range []string{"name", "key"} {
		if _, ok := columns[name]; !ok {
			return nil, Refuse(BadRequest, "Invalid API key file: required column %s is missing", name)
		}
	}
	return columns, nil
}

func keyRow(columns map[string]int, fields []string) KeyRow {
	field := func(name string) string {
		if i, ok := columns[name]; ok && i < len(fields) {
			return strings.TrimSpace(fields[i])
		}
		return ""
	}
	row := KeyRow{Key: APIKey{
		Name:        field("name"),
		Description: field("description"),
		Enabled:     field("enabled") == "" || isTrue(field("enabled")),
	}}
	row.Key.SetValue(field("key"))
	for _, id := range strings.Split(field("usageplanids"), ",") {
		if id = strings.TrimSpace(id); id != "" {
			row.Plans = append(row.Plans, PlanID(id))
		}
	}
	return row
}

// splitCSV splits a line at its commas. A field that begins with a quote ends with the same quote; the
// quote itself is written twice inside (RFC 4180, extended to single quotes as the guide does).
func splitCSV(line string) (fields []string, ok bool) {
	for {
		rest := strings.TrimLeft(line, " \t")
		if rest == "" || (rest[0] != '"' && rest[0] != '\'') {
			field, after, more := strings.Cut(line, ",")
			fields = append(fields, field)
			if !more {
				return fields, true
			}
			line = after
			continue
		}
		quote := rest[0]
		var field strings.Builder
		i := 1
		for ; i < len(rest); i++ {
			if rest[i] != quote {
				field.WriteByte(rest[i])
				continue
			}
			if i+1 < len(rest) && rest[i+1] == quote {
				field.WriteByte(quote)
				i++
				continue
			}
			break
		}
		if i == len(rest) {
			return nil, false
		}
		fields = append(fields, field.String())
		_, after, more := strings.Cut(rest[i+1:], ",")
		if !more {
			return fields, true
		}
		line = after
	}
}

// lower maps ASCII letters only.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

package apigw

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const goodValue = "0123456789012345678901"

func TestParseKeysRefuses(t *testing.T) {
	for _, tt := range []struct{ file, want string }{
		{"", "Invalid API key file: it has no header"},
		{"\n\n", "Invalid API key file: it has no header"},
		{"name\n", "Invalid API key file: required column key is missing"},
		{"Key,description\n", "Invalid API key file: required column name is missing"},
		{"Key,name,KEY\n", "Invalid API key file: column key occurs twice"},
		{"Key,\"name\n", "Invalid API key file: the header has an open quote"},
		{"Key,name\n\xff,x\n", "Invalid API key file: it is not UTF-8 text"},
	} {
		if _, _, err := ParseKeys(tt.file); refusal(err) != tt.want {
			t.Errorf("ParseKeys(%q): %v, want %q", tt.file, err, tt.want)
		}
	}
}

// The examples are those of "API Gateway API key file format" [docs].
func TestParseKeys(t *testing.T) {
	type row struct {
		Line              int
		Name, Value, Desc string
		Enabled           bool
		Plans             []PlanID
	}
	for name, tt := range map[string]struct {
		file     string
		want     []row
		warnings []string
	}{
		"two columns": {
			"Key,name\n" + goodValue + ",MyFirstApiKey\n",
			[]row{{2, "MyFirstApiKey", goodValue, "", true, nil}}, nil,
		},
		"all columns": {
			"Name,key,description,Enabled,usageplanIds\r\nMyFirstApiKey," + goodValue + ",An imported key,TRUE,c7y23b\r\n",
			[]row{{2, "MyFirstApiKey", goodValue, "An imported key", true, []PlanID{"c7y23b"}}}, nil,
		},
		"quoted plans and an unknown column": {
			"name,x,key,usageplanIds,enabled\na,1," + goodValue + ",\"c7y23b, abc\",false\nb,2," + goodValue + "b,'c7y23b,abc',FALSE\n",
			[]row{{2, "a", goodValue, "", false, []PlanID{"c7y23b", "abc"}}, {3, "b", goodValue + "b", "", false, []PlanID{"c7y23b", "abc"}}}, nil,
		},
		"quotes inside": {
			"name,key\n\"a \"\"b\"\", c\"," + goodValue + "\n",
			[]row{{2, `a "b", c`, goodValue, "", true, nil}}, nil,
		},
		"a mark at the beginning and empty lines": {
			"\ufeffname,key\n\n  \na," + goodValue + "\n\n",
			[]row{{4, "a", goodValue, "", true, nil}}, nil,
		},
		"rows that are no keys": {
			"name,key\na,short\nb\n\"c," + goodValue + "\nd," + goodValue + "\ne,\u00e9" + goodValue + "\n",
			[]row{{5, "d", goodValue, "", true, nil}},
			[]string{
				"Line 2: API Key value should be at least 20 characters",
				"Line 3: API Key value should be at least 20 characters",
				"Line 4: a quote is not closed",
				"Line 6: API Key value can only contain printable ASCII characters",
			},
		},
	} {
		rows, warnings, err := ParseKeys(tt.file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []row
		for _, r := range rows {
			got = append(got, row{r.Line, r.Key.Name, r.Key.Value.Reveal(), r.Key.Description, r.Key.Enabled, r.Plans})
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(tt.warnings, warnings); diff != "" {
			t.Errorf("%s: warnings (-want +got):\n%s", name, diff)
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add("Key,name\n" + goodValue + ",a\n")
	f.Add("name,key,usageplanids\n'a''b'," + goodValue + ",\"x,y\"\n")
	f.Fuzz(func(t *testing.T, file string) {
		rows, warnings, err := ParseKeys(file)
		if err != nil {
			return
		}
		// The header is a line as well.
		if lines := strings.Count(file, "\n") + 1; len(rows)+len(warnings) >= lines {
			t.Errorf("%d rows and %d warnings of %d lines", len(rows), len(warnings), lines)
		}
		for _, r := range rows {
			if err := r.Key.Check(); err != nil {
				t.Errorf("line %d: %v", r.Line, err)
			}
		}
	})
}

func TestKeyValue(t *testing.T) {
	for value, want := range map[string]string{
		"":                             "API Key value should be at least 20 characters",
		strings.Repeat("a", 19):        "API Key value should be at least 20 characters",
		strings.Repeat("a", 129):       "API Key value exceeds maximum size of 128 characters",
		strings.Repeat("a", 30) + "\n": "API Key value can only contain printable ASCII characters",
		" " + strings.Repeat("a", 30):  "API Key value cannot begin or end with a space",
		strings.Repeat("\u00e9", 20):   "API Key value can only contain printable ASCII characters",
		strings.Repeat("a", 20):        "",
		strings.Repeat("~", 128):       "",
	} {
		if got := refusal(CheckKeyValue(value)); got != want {
			t.Errorf("CheckKeyValue(%q): %q, want %q", value, got, want)
		}
	}
}

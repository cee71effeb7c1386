package cloudformation

import "strings"

// hintOf says what to do about a service's refusal. The texts of the services are AWS's own and tell what is
// wrong; for the common ones this tells the author of a definition what to change. "" when nothing better is
// known than the text.
func hintOf(err error) string {
	text := err.Error()
	for _, h := range [...]struct{ part, hint string }{
		{"Invalid API Stage ", "name a stage that is deployed, and let the plan depend on its deployment"},
		{"already has a variable path part", "give the parameter one name in all paths that share this part"},
		{"Cannot create a child of a resource with a greedy path variable", "let {name+} end the path"},
		{"path part only allow", "let each part of the path be letters, digits and ._-: or one {name} or {name+}"},
		{"API Key already exists", "give each key its own value"},
		{"Invalid quota period", "write period: DAY, WEEK or MONTH"},
		{"contains reserved keys", "Lambda sets these itself: choose other names"},
		{"at 'timeout' failed", "write 1 to 900 seconds"},
		{"at 'memorySize' failed", "write 128 to 10240 MB"},
	} {
		if strings.Contains(text, h.part) {
			return h.hint
		}
	}
	return ""
}

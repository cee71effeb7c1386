package route

import "strings"

// Target is the path of a request on the default host of an API, where the first segment is the stage.
// All three are substrings of what was received, except for the Path "/" of a request that ends with its
// stage.
type Target struct {
	// Stage as it was written; an encoded or dotted one names no stage.
	Stage string
	// Path is what the tree is searched for and what the event calls path: a run of slashes after the
	// stage is one slash, everything behind it is kept byte for byte. [recorded]
	Path string
	// ContextPath is requestContext.path: leading slashes are one slash, the rest as it was sent.
	// [recorded]
	ContextPath string
}

// SplitStage takes the stage off a request path. It reports false when there is none.
func SplitStage(path string) (Target, bool) {
	if path == "" || path[0] != '/' {
		return Target{}, false
	}
	from := 0
	for from < len(path) && path[from] == '/' {
		from++
	}
	if from == len(path) {
		return Target{}, false
	}
	t := Target{ContextPath: path[from-1:], Path: "/"}
	end := strings.IndexByte(path[from:], '/')
	if end < 0 {
		t.Stage = path[from:]
		return t, true
	}
	end += from
	t.Stage = path[from:end]
	for end+1 < len(path) && path[end+1] == '/' {
		end++
	}
	t.Path = path[end:]
	return t, true
}

package serverless

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"gatehouse/internal/document"
)

// loadDotenv reads .env.{stage}, or .env when there is none of the stage. The environment of the process
// wins over both. [observed: the two files are not merged]
func (r *resolver) loadDotenv(stage string) {
	for _, name := range []string{".env." + stage, ".env"} {
		path := filepath.Join(r.dir, name)
		r.read = append(r.read, path)
		text, err := r.o.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || len(text) > document.MaxBytes {
			r.fail(document.Pos{File: path, Line: 1, Col: 1}, "cannot read "+path, "check the file, or remove useDotenv")
			return
		}
		r.dotenv = parseDotenv(string(text), r.getenv)
		// What the stage depends on must not depend on the file that the stage selects.
		for name, at := range r.missed {
			if _, ok := r.dotenv[name]; ok {
				r.fail(at, "the stage depends on "+name+", which "+path+" defines for that stage", "set "+name+" in the environment, or the stage with --stage")
			}
		}
		return
	}
	r.dotenv = map[string]string{}
}

// parseDotenv reads NAME=value lines as the dotenv package of npm does: comments, export, three kinds of
// quotes, \n in double quotes. A reference $NAME, ${NAME} or ${NAME:-default} is to a variable of the
// environment or of the file.
func parseDotenv(text string, getenv func(string) (string, bool)) map[string]string {
	raw := map[string]string{}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for len(text) > 0 {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = strings.TrimSpace(line)
		line = strings.TrimSpace(strings.TrimPrefix(line, "export "))
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.HasPrefix(name, "#") || strings.ContainsAny(name, " \t'\"") {
			continue
		}
		value = strings.TrimSpace(value)
		if value != "" && strings.IndexByte("'\"`", value[0]) >= 0 {
			quote := value[:1]
			end := strings.Index(value[1:], quote)
			if end < 0 { // a quoted value may run over several lines
				if more, rest, ok := strings.Cut(text, quote); ok {
					value, text = value+"\n"+more+quote, rest
					end = len(value) - 2
				}
			}
			if end >= 0 {
				value = value[1 : end+1]
				if quote == `"` {
					value = strings.NewReplacer(`\n`, "\n", `\r`, "\r").Replace(value)
				}
				raw[name] = value
				continue
			}
		}
		if i := strings.IndexByte(value, '#'); i >= 0 {
			value = strings.TrimSpace(value[:i])
		}
		raw[name] = value
	}
	out := make(map[string]string, len(raw))
	for name := range raw {
		e := expander{raw: raw, getenv: getenv, left: 100}
		out[name] = e.expand(raw[name], 0)
	}
	return out
}

// expander replaces the references in one value: at most ten levels deep and left of them altogether, so
// that a value which refers to itself ends.
type expander struct {
	raw    map[string]string
	getenv func(string) (string, bool)
	left   int
}

func (e *expander) expand(s string, depth int) string {
	if depth > 10 {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && s[i+1] == '$' {
			b.WriteByte('$')
			i++
			continue
		}
		name, fallback, n := reference(s[i:])
		if n == 0 {
			b.WriteByte(s[i])
			continue
		}
		i += n - 1
		if e.left == 0 {
			continue
		}
		e.left--
		value, ok := e.getenv(name)
		if !ok {
			value, ok = e.raw[name]
		}
		if !ok || value == "" {
			value = fallback
		}
		b.WriteString(e.expand(value, depth+1))
	}
	return b.String()
}

// reference reads $NAME, ${NAME} or ${NAME:-default} at the start of s; n is its length, 0 without one.
func reference(s string) (name, fallback string, n int) {
	if len(s) < 2 || s[0] != '$' {
		return "", "", 0
	}
	if s[1] != '{' {
		n = 1
		for n < len(s) && (isAlphanumeric(s[n]) || s[n] == '_') {
			n++
		}
		if n == 1 {
			return "", "", 0
		}
		return s[1:n], "", n
	}
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return "", "", 0
	}
	name, fallback, _ = strings.Cut(s[2:end], ":-")
	for i := range len(name) {
		if !isAlphanumeric(name[i]) && name[i] != '_' {
			return "", "", 0 // ${self:service}: a variable of the service file
		}
	}
	return name, fallback, end + 1
}

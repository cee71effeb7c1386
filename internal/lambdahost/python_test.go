package lambdahost

import (
	"os/exec"
	"strings"
	"testing"
)

var pythonProject = map[string]string{
	"app.py": `
import decimal, json, os, sys, time, logging
calls = 0
def handler(event, context):
    global calls
    calls += 1
    return {"got": event, "calls": calls}
def nothing(event, context):
    pass
def number(event, context):
    return {"d": decimal.Decimal("1.5"), "i": decimal.Decimal("7")}
def text(event, context):
    return "grün"
def raises(event, context):
    raise KeyError("missing")
class Custom(Exception):
    pass
def custom(event, context):
    raise Custom("mine\nsecond line")
def unmarshalable(event, context):
    return {"x": object()}
def exit0(event, context):
    os._exit(0)
def exits(event, context):
    sys.exit(4)
def ctx(event, context):
    return [context.function_name, context.function_version, context.memory_limit_in_mb, context.invoked_function_arn,
            context.log_group_name, len(context.aws_request_id), context.get_remaining_time_in_millis() > 1000,
            context.client_context.custom["k"], os.environ.get("_X_AMZN_TRACE_ID"), context.identity.cognito_identity_id]
def logs(event, context):
    print("printed")
    logging.getLogger().error("two\nlines %d", 5)
    sys.stderr.write("to stderr\n")
def large(event, context):
    return len(event["s"])
def huge(event, context):
    return "x" * (6 * 1024 * 1024 + 200)
class Holder:
    handler = staticmethod(lambda e, c: "never reached by rsplit")
`,
	"functions/get_stores.py": "import sys\ndef handler(e, c):\n    return __name__\n",
	"broken.py":               "def handler(:\n",
	"missing.py":              "import left_pad_of_old\n",
	"raises.py":               "raise ValueError('while loading')\n",
	"exits.py":                "import sys\nsys.exit(7)\n",
}

func TestPythonHandlers(t *testing.T) {
	need(t, "python3")
	t.Parallel()
	h := newHost(t, nil)
	dir := code(t, pythonProject)
	for _, tt := range []struct {
		handler, event, want string
	}{
		{"app.handler", `{"a":"ü"}`, `{"got": {"a": "` + unicodeOf(h, "ü", `\u00fc`) + `"}, "calls": 1}`},
		{"app.nothing", `{}`, `null`},
		{"app.number", `{}`, `{"d": 1.5, "i": 7}`},
		{"app.text", `{}`, `"gr` + unicodeOf(h, "ü", `\u00fc`) + `n"`},
		{"functions/get_stores.handler", `{}`, `"functions.get_stores"`},
		{"app.large", `{"s":"` + strings.Repeat("é", 1<<20) + `"}`, "1048576"},
	} {
		t.Run(tt.handler, func(t *testing.T) {
			t.Parallel()
			r := invoke(t, h, config("python3.12", tt.handler, dir), event(tt.event))
			if r.Err != "" || string(r.Payload) != tt.want {
				t.Errorf("%s: got %q %s, want %s", tt.handler, r.Err, r.Payload, tt.want)
			}
		})
	}
}

// unicodeOf picks what the installed Python writes: AWS keeps non-ASCII text from 3.12 on.
func unicodeOf(h *fixture, plain, escaped string) string {
	if exec.Command(h.tools.find("python3.12", "python3"), "-c", "import sys; sys.exit(sys.version_info < (3, 12))").Run() != nil {
		return escaped
	}
	return plain
}

// The error types and messages are those of AWS's Python runtime client [facts 5.3.6].
func TestPythonErrors(t *testing.T) {
	need(t, "python3")
	t.Parallel()
	h := newHost(t, nil)
	dir := code(t, pythonProject)
	for _, tt := range []struct {
		handler, errorType, message string
	}{
		{"app.raises", "KeyError", "'missing'"},
		{"app.custom", "Custom", "mine\nsecond line"},
		{"app.unmarshalable", "Runtime.MarshalError", "Unable to marshal response: <object object at 0x"},
		{"app.exit0", "Runtime.ExitError", " Error: Runtime exited without providing a reason"},
		{"app.exits", "Runtime.ExitError", " Error: Runtime exited with error: exit status 4"},
		{"app.huge", "Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes)."},
		{"app.missing", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'app'"},
		{"app.Holder.handler", "Runtime.ImportModuleError", "Unable to import module 'app.Holder': No module named 'app.Holder'; 'app' is not a package"},
		{"nowhere.handler", "Runtime.ImportModuleError", "Unable to import module 'nowhere': No module named 'nowhere'"},
		{"missing.handler", "Runtime.ImportModuleError", "Unable to import module 'missing': No module named 'left_pad_of_old'"},
		{"broken.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'broken': invalid syntax (broken.py, line 1)"},
		{"raises.handler", "ValueError", "while loading"},
		{"exits.handler", "Runtime.ExitError", " Error: Runtime exited with error: exit status 7"},
		{"app", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack (expected 2, got 1)"},
		{"sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"},
	} {
		t.Run(tt.handler, func(t *testing.T) {
			t.Parallel()
			r := invoke(t, h, config("python3.12", tt.handler, dir), event(`{}`))
			gotType, gotMessage := fields(t, r)
			if r.Err != "Unhandled" || gotType != tt.errorType || !strings.Contains(gotMessage, tt.message) {
				t.Errorf("%s: got %q %s, want Unhandled %s %q", tt.handler, r.Err, r.Payload, tt.errorType, tt.message)
			}
		})
	}
}

func TestPythonErrorDocument(t *testing.T) {
	need(t, "python3")
	t.Parallel()
	h := newHost(t, nil)
	inv := event(`{}`)
	r := invoke(t, h, config("python3.12", "app.raises", code(t, pythonProject)), inv)
	got := string(r.Payload)
	if !strings.HasPrefix(got, `{"errorMessage": "'missing'", "errorType": "KeyError", "requestId": "`+inv.RequestID+`", "stackTrace": ["  File \"`) ||
		strings.Contains(got, "python.py") {
		t.Errorf("document: got %s", got)
	}
}

func TestPythonContextAndLogs(t *testing.T) {
	need(t, "python3")
	t.Parallel()
	h := newHost(t, nil)
	dir := code(t, pythonProject)
	inv := event(`{}`)
	inv.TraceID, inv.ClientContext = "Root=1-2", []byte(`{"custom":{"k":"v"}}`)
	r := invoke(t, h, config("python3.12", "app.ctx", dir), inv)
	want := `["probe", "$LATEST", "256", "arn:aws:lambda:eu-west-1:123456789012:function:probe", "/aws/lambda/probe", 36, true, "v", "Root=1-2", null]`
	if got := string(r.Payload); got != want {
		t.Errorf("context:\n got %s\nwant %s", got, want)
	}

	inv = event(`{}`)
	inv.Tail = true
	r = invoke(t, h, config("python3.12", "app.logs", dir), inv)
	for _, want := range []string{"\nprinted\n", "[ERROR]\t", "Z\t" + inv.RequestID + "\ttwo\rlines 5\n", "to stderr\n"} {
		if !strings.Contains(string(r.Log), want) {
			t.Errorf("log tail has no %q:\n%s", want, r.Log)
		}
	}
}

// A linked directory is the user's own: nothing may be written there.
func TestPythonWritesNothingIntoLinkedCode(t *testing.T) {
	need(t, "python3")
	t.Parallel()
	h := newHost(t, nil)
	dir := code(t, pythonProject)
	cfg := config("python3.12", "app.handler", dir)
	cfg.Linked = true
	invoke(t, h, cfg, event(`{}`))
	if files := tree(t, dir); strings.Contains(files, "__pycache__") {
		t.Errorf("files: %s", files)
	}
}

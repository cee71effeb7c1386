package lambdahost

import (
	"strings"
	"testing"

	"gatehouse/internal/function"
)

// nodeProject is one directory with a handler of every kind.
var nodeProject = map[string]string{
	"index.js": `
		let calls = 0;
		exports.handler = async (event) => ({ got: event, calls: ++calls });
		exports.undefinedResult = async () => {};
		exports.sync = () => ({ lost: true });
		exports.callback = (event, context, callback) => setTimeout(() => callback(null, 'called'), 5);
		exports.callbackError = (event, context, callback) => callback(new TypeError('bad type'));
		exports.callbackString = (event, context, callback) => callback('plain text');
		exports.callbackWaits = (event, context, callback) => {
			let seen = 'no';
			setTimeout(() => { seen = 'yes'; }, 20);
			callback(null, { get seen() { return seen; } });
		};
		exports.callbackHurries = (event, context, callback) => {
			context.callbackWaitsForEmptyEventLoop = false;
			let seen = 'no';
			setTimeout(() => { seen = 'yes'; }, 60000);
			callback(null, { seen });
		};
		exports.succeed = (event, context) => context.succeed({ old: 'style' });
		exports.throws = async () => { throw new RangeError('out of range'); };
		exports.throwsSync = () => { throw new Error('at once'); };
		exports.throwsString = async () => { throw 'just text'; };
		exports.throwsNothing = async () => { throw undefined; };
		exports.never = async () => new Promise(() => {});
		exports.circular = async () => { const a = {}; a.a = a; return a; };
		exports.notAFunction = 5;
		exports.nested = { deep: { handler: async () => 'deep' } };
		exports.exit0 = async () => process.exit(0);
		exports.exit3 = async () => process.exit(3);
		exports.killed = async () => process.kill(process.pid, 'SIGKILL');
		exports.uncaught = async () => new Promise(() => setTimeout(() => { throw new Error('later'); }, 1));
		exports.rejected = async () => new Promise(() => { Promise.reject(new Error('nobody listens')); setTimeout(() => {}, 1000); });
		exports.looksLikeError = async () => ({ errorType: 'X', errorMessage: 'only data' });
		exports.context = async (event, context) => ({
			name: context.functionName, version: context.functionVersion, memory: context.memoryLimitInMB,
			arn: context.invokedFunctionArn, group: context.logGroupName, id: context.awsRequestId.length,
			left: context.getRemainingTimeInMillis() > 1000, client: context.clientContext, trace: process.env._X_AMZN_TRACE_ID,
		});
		exports.stream = awslambda.streamifyResponse(async (event, out, context) => {
			out = awslambda.HttpResponseStream.from(out, { statusCode: 201 });
			out.write('one '); out.write('two'); out.end();
		});
		exports.streamPlain = awslambda.streamifyResponse(async (event, out) => { out.setContentType('text/plain'); out.end('text'); });
		exports.streamThrows = awslambda.streamifyResponse(async (event, out) => { throw new Error('stream broke'); });
		exports.huge = async () => 'x'.repeat(6 * 1024 * 1024 + 200);
		exports.large = async (e) => e.s.length;
	`,
	"functions/get-stores.js": `module.exports.handler = async () => 'in a directory';`,
	"esm.mjs":                 `export const handler = async () => import.meta.url.slice(-7);`,
	"package/package.json":    `{"type": "module"}`,
	"package/index.js":        `const at = await Promise.resolve('top level await'); export const handler = async () => at;`,
	"common.cjs":              `exports.handler = async () => 'cjs';`,
	"broken.js":               `exports.handler = async () => {`,
	"missing.js":              `require('left-pad-of-old');`,
	"throws.js":               `throw new Error('while loading');`,
	"exits.js":                `process.exit(7);`,
	"uses.js":                 `exports.handler = async () => require('tiny');`,
	"node_modules/tiny.js":    `module.exports = 'resolved upward';`,
	"only.ts":                 `export const handler = async (): Promise<string> => 'ts';`,
}

func TestNodeHandlers(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, nil)
	dir := code(t, nodeProject)
	for _, tt := range []struct {
		handler, event, want string
	}{
		{"index.handler", `{"a":"ü"}`, `{"got":{"a":"ü"},"calls":1}`},
		{"index.undefinedResult", `{}`, `null`}, // [recorded] void handlers answer null
		{"index.sync", `{}`, `null`},
		{"index.callback", `{}`, `"called"`},
		{"index.callbackWaits", `{}`, `{"seen":"yes"}`},
		{"index.callbackHurries", `{}`, `{"seen":"no"}`},
		{"index.succeed", `{}`, `{"old":"style"}`},
		{"index.nested.deep.handler", `{}`, `"deep"`},
		{"index.looksLikeError", `{}`, `{"errorType":"X","errorMessage":"only data"}`},
		{"functions/get-stores.handler", `{}`, `"in a directory"`},
		{"./functions/get-stores.handler", `{}`, `"in a directory"`},
		{"esm.handler", `{}`, `"esm.mjs"`},
		{"package/index.handler", `{}`, `"top level await"`},
		{"common.handler", `{}`, `"cjs"`},
		{"uses.handler", `{}`, `"resolved upward"`},
		{"index.stream", `{}`, "{\"statusCode\":201}\x00\x00\x00\x00\x00\x00\x00\x00one two"},
		{"index.streamPlain", `{}`, "text"},
		{"index.large", `{"s":"` + strings.Repeat("é", 1<<20) + `"}`, "1048576"},
	} {
		t.Run(tt.handler, func(t *testing.T) {
			t.Parallel()
			r := invoke(t, h, config("nodejs20.x", tt.handler, dir), event(tt.event))
			if r.Err != "" || string(r.Payload) != tt.want {
				t.Errorf("%s: got %q %s, want %s", tt.handler, r.Err, r.Payload, tt.want)
			}
		})
	}
}

// The error types and messages are those of AWS's Node runtime client [facts 5.3, 5.4].
func TestNodeErrors(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, nil)
	dir := code(t, nodeProject)
	for _, tt := range []struct {
		handler, errorType, message string
	}{
		{"index.throws", "RangeError", "out of range"},
		{"index.throwsSync", "Error", "at once"},
		{"index.throwsString", "string", "just text"},
		{"index.throwsNothing", "string", "handled"},
		{"index.callbackError", "TypeError", "bad type"},
		{"index.callbackString", "string", "plain text"},
		{"index.circular", "Runtime.JSONStringifyError", "Unable to stringify response body"},
		{"index.never", "Runtime.NodeJsExit", "The asynchronous function did not resolve"},
		{"index.streamThrows", "Error", "stream broke"},
		{"index.uncaught", "Error", "later"},
		{"index.rejected", "Runtime.UnhandledPromiseRejection", "Error: nobody listens"},
		{"index.exit0", "Runtime.ExitError", " Error: Runtime exited without providing a reason"},
		{"index.exit3", "Runtime.ExitError", " Error: Runtime exited with error: exit status 3"},
		{"index.killed", "Runtime.ExitError", " Error: Runtime exited with error: signal: killed"},
		{"index.huge", "Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes)."},
		{"index.missingExport", "Runtime.HandlerNotFound", "index.missingExport is undefined or not exported"},
		{"index.notAFunction", "Runtime.HandlerNotFound", "index.notAFunction is not a function"},
		{"nowhere.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'nowhere'"},
		{"missing.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'left-pad-of-old'"},
		{"broken.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected end of input"},
		{"throws.handler", "Error", "while loading"},
		{"exits.handler", "Runtime.ExitError", " Error: Runtime exited with error: exit status 7"},
		{"../index.handler", "Runtime.MalformedHandlerName", "'../index.handler' is not a valid handler name."},
		{"index", "Runtime.MalformedHandlerName", "Bad handler"},
	} {
		t.Run(tt.handler, func(t *testing.T) {
			t.Parallel()
			r := invoke(t, h, config("nodejs20.x", tt.handler, dir), event(`{}`))
			gotType, gotMessage := fields(t, r)
			if r.Err != "Unhandled" || gotType != tt.errorType || !strings.Contains(gotMessage, tt.message) {
				t.Errorf("%s: got %q %s, want Unhandled %s %q", tt.handler, r.Err, r.Payload, tt.errorType, tt.message)
			}
		})
	}
}

func TestNodeContext(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, nil)
	inv := event(`{}`)
	inv.InvokedARN = "arn:aws:lambda:eu-west-1:123456789012:function:probe:live"
	inv.TraceID = "Root=1-5e1b4151-5ac6c58f3b3b3b3b3b3b3b3b\r\nInjected: yes"
	inv.ClientContext = []byte(`{"custom":{"k":"ü"}}`)
	r := invoke(t, h, config("nodejs20.x", "index.context", code(t, nodeProject)), inv)
	want := `{"name":"probe","version":"$LATEST","memory":"256",` +
		`"arn":"arn:aws:lambda:eu-west-1:123456789012:function:probe:live","group":"/aws/lambda/probe","id":36,` +
		`"left":true,"client":{"custom":{"k":"ü"}},"trace":"Root=1-5e1b4151-5ac6c58f3b3b3b3b3b3b3b3bInjected: yes"}`
	if got := string(r.Payload); got != want {
		t.Errorf("context:\n got %s\nwant %s", got, want)
	}
}

// From Node 24 on AWS refuses callback handlers, whatever node runs them here.
func TestNodeCallbacksEndWith24(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, nil)
	r := invoke(t, h, config("nodejs24.x", "index.callback", code(t, nodeProject)), event(`{}`))
	if got, _ := fields(t, r); got != "Runtime.CallbackHandlerDeprecated" {
		t.Errorf("error type: got %q", got)
	}
}

// A crash costs its own invocation only: the next call gets a new process.
func TestNodeCrashAndRestart(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, nil)
	dir := code(t, map[string]string{"index.js": `
		let calls = 0;
		exports.handler = async (e) => { if (e.crash) process.abort(); return ++calls; }`})
	cfg := config("nodejs20.x", "index.handler", dir)
	var got []string
	for _, e := range []string{`{}`, `{}`, `{"crash":true}`, `{}`} {
		r := invoke(t, h, cfg, event(e))
		if r.Err != "" {
			_, message := fields(t, r)
			got = append(got, message[strings.LastIndex(message, ":")+2:])
			continue
		}
		got = append(got, string(r.Payload))
	}
	if s := strings.Join(got, ","); s != "1,2,aborted,1" {
		t.Errorf("results: got %s, want 1,2,aborted,1", s)
	}
}

func TestNodeLogs(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, nil)
	dir := code(t, map[string]string{"index.js": `
		exports.handler = async () => {
			console.log('two\nlines %d', 5); console.error(new Error('shown').message);
			process.stdout.write('bare'); process.stderr.write('to stderr\n');
		}`})
	inv := event(`{}`)
	inv.Tail = true
	r := invoke(t, h, config("nodejs20.x", "index.handler", dir), inv)
	tail := string(r.Log)
	for _, want := range []string{
		"START RequestId: " + inv.RequestID + " Version: $LATEST\n",
		"\t" + inv.RequestID + "\tINFO\ttwo\rlines 5\n",
		"\t" + inv.RequestID + "\tERROR\tshown\n",
		"bare\n", "to stderr\n",
		"END RequestId: " + inv.RequestID + "\nREPORT RequestId: " + inv.RequestID + "\tDuration: ",
		" MB\tInit Duration: ",
	} {
		if !strings.Contains(tail, want) {
			t.Errorf("log tail has no %q:\n%s", want, tail)
		}
	}
	if last := invoke(t, h, config("nodejs20.x", "index.handler", dir), event(`{}`)); last.Log != nil {
		t.Errorf("log without being asked for: got %q", last.Log)
	}
}

func benchmarkPayload() string { return `{"x":"` + strings.Repeat("a", 1500) + `"}` }

func benchmarkInvoke(b *testing.B, cfg *function.Config) {
	h := newHost(b, func(c *Config) { c.Log = nil })
	payload := benchmarkPayload()
	for range 1000 {
		invoke(b, h, cfg, event(payload))
	}
	b.Run("1", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			invoke(b, h, cfg, event(payload))
		}
	})
	b.Run("16", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				invoke(b, h, cfg, event(payload))
			}
		})
		b.ReportMetric(float64(h.Stats().Environments), "processes")
	})
}

func BenchmarkInvokeNode(b *testing.B) {
	need(b, "node")
	dir := code(b, map[string]string{"index.js": `exports.handler = async (e) => ({statusCode: 200, body: "ok"})`})
	benchmarkInvoke(b, config("nodejs20.x", "index.handler", dir))
}

func BenchmarkInvokePython(b *testing.B) {
	need(b, "python3")
	dir := code(b, map[string]string{"app.py": "def handler(e, c):\n    return {'statusCode': 200, 'body': 'ok'}\n"})
	benchmarkInvoke(b, config("python3.12", "app.handler", dir))
}

package lambdahost

import (
	"testing"
)

func TestNodeHello(t *testing.T) {
	need(t, "node")
	h := newHost(t, nil)
	dir := code(t, map[string]string{"index.js": `exports.handler = async (e) => { console.log("hi\nthere"); return {got: e} }`})
	r := invoke(t, h, config("nodejs20.x", "index.handler", dir), event(`{"a":1}`))
	if got, want := string(r.Payload), `{"got":{"a":1}}`; got != want {
		t.Errorf("payload: got %s, want %s", got, want)
	}
	t.Log(h.text(), r.Init, r.Duration)
}

func BenchmarkInvokeNode(b *testing.B) {
	need(b, "node")
	h := newHost(b, func(c *Config) { c.Log = nil })
	dir := code(b, map[string]string{"index.js": `exports.handler = async (e) => ({statusCode: 200, body: "ok"})`})
	cfg := config("nodejs20.x", "index.handler", dir)
	payload := make([]byte, 0, 1600)
	payload = append(payload, `{"x":"`...)
	for range 1500 {
		payload = append(payload, 'a')
	}
	payload = append(payload, `"}`...)
	invoke(b, h, cfg, event(string(payload)))
	for range 2000 {
		invoke(b, h, cfg, event(string(payload)))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		invoke(b, h, cfg, event(string(payload)))
	}
}

package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Descendants end with their environment, also those which left the process group.
func TestNoOrphans(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	var pids []int
	if err := json.Unmarshal(invoke(t, h, cfg, do("children")).Payload, &pids); err != nil || len(pids) != 2 {
		t.Fatalf("children: %v %v", pids, err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err != nil {
			t.Fatalf("child %d: %v", pid, err)
		}
	}
	if err := h.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		await(t, "the end of child "+strconv.Itoa(pid), func() bool {
			state, _ := readStat(pid)
			return state == 0 || state == 'Z'
		})
	}
	if _, err := h.Invoke(t.Context(), cfg, do("echo")); !errors.Is(err, ErrClosed) {
		t.Errorf("Invoke after Close: got %v, want ErrClosed", err)
	}
}

// A process that is not the environment's own gets nothing from its Runtime API.
func TestForeignCaller(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	invoke(t, h, cfg, do("echo"))
	e := h.living()[0]
	c, err := net.Dial("tcp", e.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = c.Write([]byte("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"))
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := c.Read(make([]byte, 1)); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a foreign process was answered: %d bytes, %v", n, err)
	}
	if r := invoke(t, h, cfg, do("echo")); string(r.Payload) != `"hello"` {
		t.Errorf("afterwards: got %s", r.Payload)
	}
}

func TestNodeOutOfMemory(t *testing.T) {
	need(t, "node")
	t.Parallel()
	h := newHost(t, nil)
	cfg := config("nodejs20.x", "index.handler", code(t, map[string]string{"index.js": `
		exports.handler = async () => {
			const kept = [];
			for (;;) { kept.push(Buffer.alloc(4 << 20, 1)); await new Promise((r) => setTimeout(r, 5)); }
		}`}))
	cfg.MemoryMB = 128
	r := invoke(t, h, cfg, event(`{}`))
	if _, got := fields(t, r); !strings.HasSuffix(got, "Error: Runtime exited with error: signal: killed") {
		t.Errorf("message: got %q", got)
	}
}

// A pool's processes beyond the number that Lambda allows are killed together.
func TestTooManyProcesses(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	cfg := bootstrap(t)
	done := make(chan string, 1)
	go func() { done <- string(invoke(t, h, cfg, do("hang")).Payload) }()
	await(t, "the start", func() bool { return strings.Contains(h.text(), "START RequestId") })
	h.living()[0].weigh(make([]int, maxProcesses+1))
	if got := <-done; !strings.Contains(got, "signal: killed") {
		t.Errorf("payload: got %s", got)
	}
}

// What functions write to must block when it is full: many programs do not expect EAGAIN there.
func TestOutputBlocks(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	var info string
	if err := json.Unmarshal(invoke(t, h, bootstrap(t), do("flags")).Payload, &info); err != nil {
		t.Fatal(err)
	}
	_, flags, _ := strings.Cut(info, "flags:")
	n, err := strconv.ParseInt(strings.Fields(flags)[0], 8, 64)
	if err != nil || n&syscall.O_NONBLOCK != 0 {
		t.Errorf("flags of stdout: %s %v", info, err)
	}
}

func TestFindSocket(t *testing.T) {
	const tables = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 111 1 0
   1: 0100007F:C350 0100007F:1F90 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0
   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0
   3: 0000000000000000FFFF00000100007F:C351 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 333 1 0
`
	for local, want := range map[string]string{"0100007F:C350": "222", "0100007F:C351": "333", "0100007F:C352": ""} {
		if got, _ := findSocket(strings.NewReader(tables), local, "0100007F:1F90"); got != want {
			t.Errorf("%s: got inode %q, want %q", local, got, want)
		}
	}
}

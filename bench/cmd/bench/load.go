package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tool is the load tool, wrk.
type tool struct {
	path, script string
	version      string
}

func newTool(dir string) (*tool, error) {
	path, err := exec.LookPath("wrk")
	if err != nil {
		return nil, errors.New("wrk is needed and is not here: install the Debian package wrk, or run bench/run.sh as root")
	}
	out, _ := exec.Command(path, "-v").CombinedOutput() // wrk -v ends with status 1
	version, _, _ := strings.Cut(string(out), " [")
	return &tool{path, filepath.Join(dir, "wrk.lua"), version}, nil
}

// result is what wrk counted in one load; latencies are in microseconds.
type result struct {
	Requests int64
	Micros   int64
	P50, P99 int64
	Refused  int64 // answers that were neither 2xx nor 3xx
	Broken   int64 // connections that failed
	cpu      time.Duration
}

// load sends requests to a row for some seconds.
func (t *tool) load(ctx context.Context, r row, seconds int) (result, error) {
	args := []string{
		"-t", strconv.Itoa(min(2, r.connections)), "-c", strconv.Itoa(r.connections),
		"-d", strconv.Itoa(seconds) + "s", "--timeout", "10s", "--latency", "-s", t.script,
	}
	if r.header != "" {
		args = append(args, "-H", r.header)
	}
	cmd := exec.CommandContext(ctx, t.path, append(args, r.url)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return result{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	got, err := parseResult(out)
	if err != nil {
		return result{}, err
	}
	got.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return got, nil
}

// parseResult finds the line that wrk.lua printed. A load with a refusal in it is no measurement.
func parseResult(out []byte) (result, error) {
	i := bytes.LastIndexByte(out, '{')
	if i < 0 {
		return result{}, fmt.Errorf("wrk printed no totals: %s", out)
	}
	var r result
	if err := json.Unmarshal(out[i:], &r); err != nil {
		return result{}, fmt.Errorf("wrk's totals: %w", err)
	}
	switch {
	case r.Refused > 0 || r.Broken > 0:
		return result{}, fmt.Errorf("%d of %d requests were refused, %d connections failed", r.Refused, r.Requests, r.Broken)
	case r.Requests == 0 || r.Micros == 0:
		return result{}, errors.New("no request was answered")
	}
	return r, nil
}

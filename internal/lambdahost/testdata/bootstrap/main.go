// Command bootstrap is a function for runtime provided.al2023 that speaks the Runtime API with net/http,
// as aws-lambda-go does. The event says what to do.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/"
	if os.Getenv("FAIL_INIT") != "" {
		_, _ = post(base+"init/error", `{"errorType":"Custom","errorMessage":"no database"}`, nil)
		os.Exit(1)
	}
	if d, err := time.ParseDuration(os.Getenv("SLOW_INIT")); err == nil {
		time.Sleep(d)
	}
	for {
		r, err := http.Get(base + "invocation/next")
		if err != nil {
			os.Exit(1)
		}
		body, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		id := r.Header.Get("Lambda-Runtime-Aws-Request-Id")
		var e struct{ Do, Text string }
		_ = json.Unmarshal(body, &e)
		out, failed := do(e.Do, e.Text, base, id)
		where, headers := base+"invocation/"+id+"/response", map[string]string{}
		if failed {
			where = base + "invocation/" + id + "/error"
			headers["Lambda-Runtime-Function-Error-Type"] = "Function.Custom"
		}
		if strings.HasPrefix(e.Do, "stream") {
			headers["Lambda-Runtime-Function-Response-Mode"] = "streaming"
		}
		status, _ := post(where, out, headers)
		if e.Do == "twice" {
			_, answer := post(where, "again", nil)
			fmt.Println("second answer:", answer)
		}
		fmt.Println("answered", status)
		if e.Do == "linger" {
			time.Sleep(time.Hour)
		}
	}
}

// do runs one event.
func do(what, text, base, id string) (out string, failed bool) {
	switch what {
	case "env":
		b, _ := json.Marshal(os.Environ())
		return string(b), false
	case "cwd":
		dir, _ := os.Getwd()
		return `"` + dir + `"`, false
	case "fail":
		return `{"errorMessage":"refused","errorType":"errorString"}`, true
	case "panic":
		panic("on purpose")
	case "hang":
		time.Sleep(time.Hour)
	case "spin":
		for n := uint64(0); ; n++ {
			if n == 1<<63 {
				return "", false
			}
		}
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(time.Hour)
	case "children":
		// One in the group, one that left it.
		group := exec.Command("sleep", "300.5")
		_ = group.Start()
		away := exec.Command("sleep", "300.5")
		away.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		_ = away.Start()
		return fmt.Sprintf("[%d,%d]", group.Process.Pid, away.Process.Pid), false
	case "other-id":
		_, answer := post(base+"invocation/00000000-0000-0000-0000-000000000000/response", "stolen", nil)
		return answer, false
	case "next-again":
		r, err := http.Get(base + "invocation/next")
		if err != nil {
			return err.Error(), false
		}
		b, _ := io.ReadAll(r.Body)
		return fmt.Sprint(r.StatusCode, " ", string(b)), false
	case "init-late":
		_, answer := post(base+"init/error", "{}", nil)
		return answer, false
	case "restore":
		r, _ := http.Get(base + "restore/next")
		b, _ := io.ReadAll(r.Body)
		return fmt.Sprint(r.StatusCode, " ", string(b)), false
	case "unknown":
		r, _ := http.Get(base + "nothing/here")
		return fmt.Sprint(r.StatusCode), false
	case "flood":
		line := strings.Repeat("x", 100) + "\n"
		block := strings.Repeat(line, 1000)
		for range 400 {
			fmt.Print(block)
		}
		return `"flooded"`, false
	case "long-line":
		fmt.Println(strings.Repeat("y", 3<<20))
		return `"done"`, false
	case "flags":
		b, _ := os.ReadFile("/proc/self/fdinfo/1")
		out, _ := json.Marshal(string(b))
		return string(out), false
	case "binary":
		_, _ = os.Stdout.Write([]byte{0xff, 0xfe, 0, '\n'})
		return `"done"`, false
	case "huge", "stream-huge":
		return strings.Repeat("z", 7<<20), false
	}
	return `"` + text + `"`, false
}

func post(url, body string, headers map[string]string) (status int, answer string) {
	var r io.Reader = bytes.NewReader([]byte(body))
	if headers["Lambda-Runtime-Function-Response-Mode"] != "" {
		r = io.MultiReader(r) // no length: chunked
	}
	q, _ := http.NewRequest("POST", url, r)
	for k, v := range headers {
		q.Header.Set(k, v)
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = a.Body.Close() }()
	b, _ := io.ReadAll(a.Body)
	return a.StatusCode, fmt.Sprint(a.StatusCode, " ", string(b))
}

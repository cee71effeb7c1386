package lambdahost

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const logStreamVariable = "AWS_LAMBDA_LOG_STREAM_NAME"

// Reserved lists the names that a function's configuration may not set; the Lambda API refuses them.
func Reserved() []string {
	return []string{
		"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
		"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
		"AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", logStreamVariable,
		"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
	}
}

// logStream is the name of the environment's log stream, YYYY/MM/DD/[VERSION]hex.
func (e *environment) logStream() string {
	return e.spawned.UTC().Format("2006/01/02/") + "[" + string(e.cfg.Version) + "]" + e.id
}

// variables builds the environment of a function's process from nothing: defaults, then what the host
// adds, then the function's own, then the reserved ones, each winning over those before [recorded
// 2026-01, facts 5.2]. Paths are the real ones instead of /var/task, /var/runtime and /opt.
func (e *environment) variables() []string {
	cfg, spec, root := e.cfg, e.pool.runtime, e.cfg.CodeDir
	v := map[string]string{
		"LANG":                     "en_US.UTF-8",
		"TZ":                       ":UTC",
		"PATH":                     "/usr/local/bin:/usr/bin:/bin",
		"LD_LIBRARY_PATH":          root + ":" + filepath.Join(root, "lib"),
		"AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
		// Not the user's home: an SDK would find real credentials there.
		"HOME":   e.tmp,
		"TMPDIR": e.tmp,
	}
	switch spec.language {
	case node:
		v["PATH"] = filepath.Dir(spec.tool) + ":" + v["PATH"]
		v["NODE_PATH"] = nodePath(root)
		v["PWD"], v["SHLVL"] = root, "0"
	case python:
		v["PATH"] = filepath.Dir(spec.tool) + ":" + v["PATH"]
		v["PYTHONPATH"] = e.host.boot
		v["LC_CTYPE"] = "C.UTF-8"
		v["PWD"], v["SHLVL"] = root, "0"
	}
	set := func(list []string) {
		for _, nv := range list {
			if name, value, ok := strings.Cut(nv, "="); ok && name != "" {
				v[name] = value
			}
		}
	}
	if e.host.cfg.Extra != nil {
		set(e.host.cfg.Extra(cfg))
	}
	for name, value := range cfg.Env {
		v[name] = value.Reveal()
	}
	for _, name := range Reserved() {
		delete(v, name)
	}

	region := string(e.host.cfg.Home.Region)
	v["_HANDLER"] = cfg.Handler
	v["AWS_REGION"], v["AWS_DEFAULT_REGION"] = region, region
	v["AWS_LAMBDA_FUNCTION_NAME"] = string(cfg.Name)
	v["AWS_LAMBDA_FUNCTION_VERSION"] = string(cfg.Version)
	v["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = strconv.Itoa(cfg.MemoryMB)
	v["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"
	v["AWS_LAMBDA_LOG_GROUP_NAME"] = cfg.LogGroup
	if cfg.LogGroup == "" {
		v["AWS_LAMBDA_LOG_GROUP_NAME"] = "/aws/lambda/" + string(cfg.Name)
	}
	v[logStreamVariable] = e.logStream()
	v["AWS_LAMBDA_RUNTIME_API"] = e.listener.Addr().String()
	v["LAMBDA_TASK_ROOT"] = root
	v["LAMBDA_RUNTIME_DIR"] = e.host.boot
	if spec.language != provided {
		v["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + cfg.Runtime
	}
	if e.host.cfg.Credentials != nil {
		set(e.host.cfg.Credentials(cfg))
	}

	list := make([]string, 0, len(v))
	for name, value := range v {
		if !strings.ContainsRune(name+value, 0) {
			list = append(list, name+"="+value)
		}
	}
	slices.Sort(list)
	return list
}

// nodePath lists the node_modules directories from the task root upward: a project's dependencies may
// lie above the directory of one service.
func nodePath(root string) string {
	var dirs []string
	for dir := root; ; dir = filepath.Dir(dir) {
		dirs = append(dirs, filepath.Join(dir, "node_modules"))
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return strings.Join(append(dirs, root), ":")
}

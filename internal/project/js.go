package project

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// jsTime bounds a script of a definition.
const jsTime = 20 * time.Second

// evaluate prints what a module exports as JSON: a value, a function of Serverless's resolver arguments, or a
// promise of one.
const evaluate = `
const path = process.argv[1];
(async () => {
  const loaded = await import(require("url").pathToFileURL(path).href);
  let value = loaded.default !== undefined ? loaded.default : loaded;
  if (typeof value === "function") {
    const none = async (name) => { throw new Error("resolveVariable and resolveConfigurationProperty are not offered (asked for " + name + ")"); };
    value = await value({ options: {}, resolveVariable: none, resolveConfigurationProperty: none });
  }
  process.stdout.write(JSON.stringify(await value));
})().catch((e) => { process.stderr.write(String(e && e.message || e)); process.exit(1); });
`

// runJS evaluates a JavaScript file of a definition with Node. It runs the user's code, so that it happens only
// when the user asks for it.
func runJS(path string) ([]byte, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%s: evaluating JavaScript needs node, which is not on the PATH", path)
	}
	ctx, cancel := context.WithTimeout(context.Background(), jsTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "-e", evaluate, path)
	cmd.Dir = filepath.Dir(path)
	var out, fault bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fault
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", path, err, strings.TrimSpace(fault.String()))
	}
	return out.Bytes(), nil
}

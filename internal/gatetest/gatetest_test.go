package gatetest

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStories runs every story. Those whose name has a runtime in it want its interpreter.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories:", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for part, program := range map[string]string{"node": "node", "python": "python3"} {
				if _, err := exec.LookPath(program); err != nil && strings.Contains(name, part) {
					t.Skipf("%s is not on this machine", program)
				}
			}
			Run(t, file)
		})
	}
}

package keyfile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCreateThenLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "master.key")
	if _, err := Load(path); !errors.Is(err, ErrMissing) {
		t.Fatalf("Load of nothing: got %v, want ErrMissing", err)
	}
	made, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil || !bytes.Equal(got.Bytes(), made.Bytes()) {
		t.Errorf("Load: got another key, or %v", err)
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("mode of %s: got %v, %v, want %o", name, info.Mode(), err, want)
		}
	}
	if _, err := Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create over a key: got %v, want fs.ErrExist", err)
	}
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(names) != 1 {
		t.Errorf("files left: %v", names)
	}
}

func TestLoadRefuses(t *testing.T) {
	made, err := os.ReadFile(created(t))
	if err != nil {
		t.Fatal(err)
	}
	line := string(made)
	for _, test := range []struct {
		name, text string
		mode       fs.FileMode
		want       string
	}{
		{"readable by the group", line, 0o640, "mode 0640"},
		{"readable by all", line, 0o604, "mode 0604"},
		{"writable by all", line, 0o602, "mode 0602"},
		{"empty", "", 0o600, "cannot be read"},
		{"something else", "hello\n", 0o600, "does not begin with"},
		{"cut", line[:len(prefix)+40] + "\n", 0o600, "a key has 32 bytes, not 30"},
		{"too short", prefix + "AAAA\n", 0o600, "a key has 32 bytes, not 3"},
		{"changed", line[:len(line)-5] + "!!!!\n", 0o600, "missing or changed"},
	} {
		path := filepath.Join(t.TempDir(), "k")
		if err := errors.Join(os.WriteFile(path, []byte(test.text), 0o600), os.Chmod(path, test.mode)); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
		if err != nil && len(line) > 30 && strings.Contains(err.Error(), line[len(prefix):len(prefix)+12]) {
			t.Errorf("%s: the error shows the key: %v", test.name, err)
		}
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "regular file") && !strings.Contains(err.Error(), "mode") {
		t.Errorf("Load of a directory: got %v", err)
	}
}

func created(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "k")
	if _, err := Create(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// Package project finds and reads the user's definition: it discovers the file, reads what the file names,
// has it compiled to a CloudFormation template, and checks that the code of its functions is there.
//
// It owns the file system's part of a definition. It does not know the languages (template/serverless,
// template) nor how a template is deployed.
package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// names are the definitions that are looked for in a directory, in order.
var names = []string{
	"serverless.yml", "serverless.yaml", "serverless.json",
	"template.yaml", "template.yml", "template.json",
}

// ErrNone tells that there is no definition to be found.
var ErrNone = errors.New("no definition found")

// Find returns the definition file for a path: the file itself, the one in a directory, or, for "", the
// first one found from dir upward.
func Find(dir, path string) (string, error) {
	if path != "" {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		st, err := os.Stat(path)
		if err != nil {
			return "", fmt.Errorf("definition: %w", cause(err, path))
		}
		if !st.IsDir() {
			return path, nil
		}
		if file := in(path); file != "" {
			return file, nil
		}
		return "", fmt.Errorf("%w in %s: looked for %s", ErrNone, path, strings.Join(names, ", "))
	}
	for at := dir; ; {
		if file := in(at); file != "" {
			return file, nil
		}
		up := filepath.Dir(at)
		if up == at {
			return "", fmt.Errorf("%w from %s upward: looked for %s; name one, or start with --empty", ErrNone, dir, strings.Join(names, ", "))
		}
		at = up
	}
}

func in(dir string) string {
	for _, name := range names {
		path := filepath.Join(dir, name)
		if st, err := os.Stat(path); err == nil && !st.IsDir() {
			return path
		}
	}
	return ""
}

// cause makes an error of the file system short.
func cause(err error, path string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be read", path)
	}
	return err
}

// Command awsgen writes the packages under internal/awsapi from botocore's service models.
//
//	python3 -c 'import botocore; print(botocore.__path__[0] + "/data")'
//	go run ./cmd/awsgen -models DIR
//
// It owns the translation of a model into tagged Go structs, enumerations, an operation table and a table
// of constraints (see package shape for the form). It makes structs and tables, never behaviour, and
// copies no documentation text. Which operations are generated, and the digest of every model, stands in
// list.go.
package main

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

func main() {
	models := flag.String("models", "", "botocore's data `directory`")
	out := flag.String("out", "internal/awsapi", "output `directory`")
	pin := flag.Bool("pin", false, "print the digests of the models and write nothing")
	flag.Parse()
	if err := run(*models, *out, *pin, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "awsgen:", err)
		os.Exit(1)
	}
}

// run generates the named packages, or all of them.
func run(models, out string, pin bool, only []string) error {
	if models == "" {
		return errors.New("-models is missing: give the directory that python3 -c 'import botocore; print(botocore.__path__[0] + \"/data\")' prints")
	}
	for _, l := range listings {
		if len(only) > 0 && !slices.Contains(only, l.Package) {
			continue
		}
		raw, err := readModel(os.DirFS(models), l.Path)
		if err != nil {
			return fmt.Errorf("%s: %w", l.Package, err)
		}
		sum := sha256.Sum256(raw)
		digest := hex.EncodeToString(sum[:])
		if pin {
			fmt.Println(l.Package, digest)
			continue
		}
		if digest != l.Digest {
			return fmt.Errorf("%s: the model has digest %s, list.go pins %s: use the botocore named there, or review the new model and change the line", l.Package, digest, l.Digest)
		}
		files, err := generate(raw, l)
		if err != nil {
			return fmt.Errorf("%s: %w", l.Package, err)
		}
		dir := filepath.Join(out, l.Package)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// readModel returns the uncompressed service-2.json of a model directory.
func readModel(fsys fs.FS, dir string) ([]byte, error) {
	raw, err := fs.ReadFile(fsys, path.Join(dir, "service-2.json"))
	if !errors.Is(err, fs.ErrNotExist) {
		return raw, err
	}
	f, err := fsys.Open(path.Join(dir, "service-2.json.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// generate translates one model into files by name.
func generate(raw []byte, l listing) (map[string][]byte, error) {
	var m model
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, err
	}
	p, err := newPrinter(&m, l)
	if err != nil {
		return nil, err
	}
	return p.files()
}

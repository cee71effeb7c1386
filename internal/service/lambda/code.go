package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"gatehouse/internal/function"
	"gatehouse/internal/store"
)

// The limits of uploaded code.
const (
	// maxUnzipped is AWS's limit.
	maxUnzipped = 262144000
	// maxEntries and maxRatio keep archives small that only look small.
	maxEntries = 65535
	maxRatio   = 200
	// smallContent is what even the smallest archive may hold.
	smallContent = 10 << 20
)

// source is where a request says that the code is.
type source struct {
	zip                []byte
	bucket, key, image *string
}

// fetch brings the code to where it can be run.
func (s *Service) fetch(ctx context.Context, src source) (function.Code, error) {
	switch {
	case len(src.zip) > 0:
		return s.unpack(src.zip)
	case src.image != nil:
		sum := sha256.Sum256([]byte(*src.image))
		return function.Code{Image: *src.image, Digest: hex.EncodeToString(sum[:])}, nil
	case src.bucket != nil && src.key != nil:
		return s.open(ctx, *src.bucket, *src.key)
	default:
		return function.Code{}, invalid("Please provide a source for function code.")
	}
}

// open asks the code source for an object.
func (s *Service) open(ctx context.Context, bucket, key string) (function.Code, error) {
	noSuchKey := invalid("Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.")
	if s.Code == nil {
		return function.Code{}, noSuchKey
	}
	dir, linked, digest, err := s.Code.Open(ctx, bucket, key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return function.Code{}, noSuchKey
	case err != nil:
		return function.Code{}, invalid("Error occurred while GetObject. S3 Error Code: InternalError. S3 Error Message: %v", err)
	case !filepath.IsAbs(dir) || digest == "":
		return function.Code{}, fmt.Errorf("the code source returned directory %q and digest %q for s3://%s/%s", dir, digest, bucket, key)
	}
	return function.Code{Digest: digest, Dir: dir, Linked: linked}, nil
}

// unpack extracts a zip into the directory of its digest. What is there already is used.
func (s *Service) unpack(data []byte) (function.Code, error) {
	sum := sha256.Sum256(data)
	code := function.Code{Digest: hex.EncodeToString(sum[:]), Size: int64(len(data))}
	code.Dir = filepath.Join(s.CodeDir, code.Digest)
	if info, err := os.Stat(code.Dir); err == nil && info.IsDir() {
		return code, nil
	}
	if err := os.MkdirAll(s.CodeDir, 0o700); err != nil {
		return code, err
	}
	// Extract aside and rename: a directory that is there is whole.
	aside, err := os.MkdirTemp(s.CodeDir, ".unpack-")
	if err != nil {
		return code, err
	}
	defer func() { _ = os.RemoveAll(aside) }()
	if err := extract(aside, data); err != nil {
		return code, err
	}
	if err := os.Chmod(aside, 0o755); err != nil {
		return code, err
	}
	err = os.Rename(aside, code.Dir)
	if info, statErr := os.Stat(code.Dir); statErr == nil && info.IsDir() {
		return code, nil // another request was quicker
	}
	return code, err
}

var errNotZip = invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")

// extract writes the entries of a zip below a directory, and nothing anywhere else: names are local, no
// name occurs twice or differs from another by case only, links stay inside, nothing but files, directories
// and links is made. Sizes are counted while writing; what the directory of the zip claims is not believed.
func extract(dir string, data []byte) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return errNotZip
	}
	if len(z.File) == 0 {
		return invalid("Uploaded file must be a non-empty zip")
	}
	if len(z.File) > maxEntries {
		return invalid("the zip has %d entries, the limit is %d", len(z.File), maxEntries)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()

	x := extractor{root: root, seen: map[string]bool{}, links: map[string]bool{}, left: maxUnzipped}
	x.quota = max(smallContent, int64(len(data))*maxRatio)
	for _, f := range z.File {
		if err := x.entry(f); err != nil {
			return err
		}
	}
	return nil
}

type extractor struct {
	root *os.Root
	// seen holds the names so far, folded; links those of symbolic links.
	seen, links map[string]bool
	// left is what may still be written; quota is the same bound by the size of the zip.
	left, quota int64
}

func (x *extractor) entry(f *zip.File) error {
	name := strings.TrimSuffix(f.Name, "/")
	for strings.HasPrefix(name, "./") {
		name = name[2:]
	}
	if name == "." {
		return nil
	}
	if !safeName(name) || x.throughLink(name) {
		return invalid("the zip has an entry with the name %q, which leaves the directory of the code", f.Name)
	}
	folded := strings.ToUpper(name)
	if x.seen[folded] {
		return invalid("the zip has the entry %q twice", f.Name)
	}
	x.seen[folded] = true

	mode := f.Mode()
	switch {
	case mode.IsDir():
		return x.fault(f, x.root.MkdirAll(name, 0o755))
	case mode&fs.ModeSymlink != 0:
		return x.link(f, name)
	case !mode.IsRegular():
		return invalid("the zip entry %q is neither a file nor a directory", f.Name)
	}
	if err := x.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return x.fault(f, err)
	}
	r, err := f.Open()
	if err != nil {
		return errNotZip
	}
	defer func() { _ = r.Close() }()
	// Group and others read, whoever may execute executes; nobody else writes, no set-id bits.
	w, err := x.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644|mode.Perm()&0o111)
	if err != nil {
		return x.fault(f, err)
	}
	n, err := io.Copy(w, io.LimitReader(r, x.left+1))
	x.left -= n
	x.quota -= n
	closed := w.Close()
	switch {
	case x.left < 0:
		return invalid("Unzipped size must be smaller than %d bytes", maxUnzipped)
	case x.quota < 0:
		return invalid("the zip is more than %d times smaller than its content", maxRatio)
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrAlgorithm), errors.Is(err, io.ErrUnexpectedEOF):
		return errNotZip
	case err != nil:
		return err
	}
	return closed
}

// throughLink reports whether a link of the archive is on the way to a name.
func (x *extractor) throughLink(name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if x.links[dir] {
			return true
		}
	}
	return false
}

// link makes a symbolic link whose target lies inside the code.
func (x *extractor) link(f *zip.File, name string) error {
	r, err := f.Open()
	if err != nil {
		return errNotZip
	}
	defer func() { _ = r.Close() }()
	text, err := io.ReadAll(io.LimitReader(r, 4097))
	if err != nil || len(text) > 4096 {
		return errNotZip
	}
	to := string(text)
	if path.IsAbs(to) || !safeName(path.Join(path.Dir(name), to)) || strings.ContainsAny(to, "\x00\\") {
		return invalid("the zip entry %q is a link to %q, which leaves the directory of the code", f.Name, to)
	}
	if err := x.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return x.fault(f, err)
	}
	x.links[name] = true
	return x.fault(f, x.root.Symlink(to, name))
}

// fault tells what is wrong with an entry from what is wrong with the disk.
func (x *extractor) fault(f *zip.File, err error) error {
	for _, disk := range []error{fs.ErrPermission, syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS, syscall.EMFILE, syscall.ENFILE} {
		if err == nil || errors.Is(err, disk) {
			return err
		}
	}
	return invalid("the zip entry %q cannot be extracted: it collides with another entry or leaves the directory of the code", f.Name)
}

// safeName allows relative names with slashes that stay where they are put, on every system.
func safeName(name string) bool {
	return filepath.IsLocal(name) && fs.ValidPath(name) && len(name) <= 1024 &&
		!strings.ContainsAny(name, "\x00\\") && (len(name) < 2 || name[1] != ':')
}

// sha256Base64 is the form in which AWS shows the digest of code.
func sha256Base64(digest string) string {
	b, err := hex.DecodeString(digest)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(b)
}

// Collect removes unpacked code that no version refers to. It is for the start of a server, when nothing
// runs from it.
func (s *Service) Collect(ctx context.Context) error {
	entries, err := os.ReadDir(s.CodeDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	used := map[string]bool{}
	err = s.view(ctx, func(tx store.Tx) error {
		clear(used)
		for d, err := range s.Tables.FunctionVersions.List(tx, s.scope, "", "") {
			if err != nil {
				return err
			}
			used[d.Code.Digest] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	var faults []error
	for _, e := range entries {
		if !used[e.Name()] {
			faults = append(faults, os.RemoveAll(filepath.Join(s.CodeDir, e.Name())))
		}
	}
	return errors.Join(faults...)
}

//go:build !unix

package sqlite

import "os"

// acquire cannot keep a second process away here.
func acquire(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
}

package apigateway

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/big"
)

// IDKind is what an id is for; it decides its length.
type IDKind string

// The kinds of ids.
const (
	IDRestAPI    IDKind = "restapi"
	IDResource   IDKind = "resource"
	IDKey        IDKind = "key"
	IDDeployment IDKind = "deployment"
	IDPlan       IDKind = "usageplan"
	IDAuthorizer IDKind = "authorizer"
	IDValidator  IDKind = "validator"
	IDModel      IDKind = "model"
)

func (k IDKind) length() int {
	switch k {
	case IDRestAPI, IDResource, IDKey:
		return 10
	}
	return 6
}

// IDs makes ids of lower-case letters and digits.
type IDs interface {
	// New returns an id. The same kind and hint give the same id; without a hint it is random.
	New(kind IDKind, hint string) (string, error)
}

// NewIDs returns ids that are drawn from random, or derived from the hint where there is one.
func NewIDs(random io.Reader) IDs { return ids{random} }

type ids struct{ random io.Reader }

const lowerAlnum = "abcdefghijklmnopqrstuvwxyz0123456789"

func (g ids) New(kind IDKind, hint string) (string, error) {
	if hint == "" {
		return draw(g.random, lowerAlnum, kind.length())
	}
	sum := sha256.Sum256([]byte(string(kind) + "\x00" + hint))
	n, base, digit := new(big.Int).SetBytes(sum[:]), big.NewInt(int64(len(lowerAlnum))), new(big.Int)
	id := make([]byte, kind.length())
	for i := range id {
		n.DivMod(n, base, digit)
		id[i] = lowerAlnum[digit.Int64()]
	}
	return string(id), nil
}

// draw makes a text of n characters of an alphabet, each with the same chance.
func draw(random io.Reader, alphabet string, n int) (string, error) {
	out := make([]byte, 0, n)
	buf := make([]byte, 2*n)
	// Bytes from here on would make some characters likelier than others.
	limit := 256 - 256%len(alphabet)
	for len(out) < n {
		if _, err := io.ReadFull(random, buf); err != nil {
			return "", fmt.Errorf("draw %d random characters: %w", n, err)
		}
		for _, b := range buf {
			if int(b) < limit && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out), nil
}

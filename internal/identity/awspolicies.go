package identity

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base32"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// awsPolicies are managed policies of AWS itself that matter to a gateway, with the version that is in force.
// The order of members inside a statement is ours.
//
//go:embed awspolicies.json
var awsPolicies []byte

// awsOwner stands where the account stands in the ARN of a policy of AWS.
const awsOwner = "aws"

// AWSPolicies are the managed policies of AWS that this server knows, by ascending name. They are shared: do
// not write to them.
var AWSPolicies = sync.OnceValue(func() []*ManagedPolicy {
	var list []struct {
		Name     PolicyName     `json:"name"`
		Path     string         `json:"path"`
		Version  int            `json:"version"`
		Document jsontext.Value `json:"document"`
	}
	if err := json.Unmarshal(awsPolicies, &list, json.RejectUnknownMembers(true)); err != nil {
		panic("unreachable, a test reads the file: " + err.Error())
	}
	// AWS tells other dates; none of ours means anything.
	created := time.Date(2015, 2, 6, 18, 39, 46, 0, time.UTC)
	out := make([]*ManagedPolicy, len(list))
	for i, p := range list {
		text := bytes.Clone(p.Document)
		if err := (*jsontext.Value)(&text).Indent(jsontext.WithIndent("    ")); err != nil {
			panic("unreachable, a test reads the file: " + err.Error())
		}
		arn := "arn:aws:iam::aws:policy" + p.Path + string(p.Name)
		sum := sha256.Sum256([]byte(arn))
		out[i] = &ManagedPolicy{
			Name: p.Name, ID: PolicyID(PolicyPrefix + base32.StdEncoding.EncodeToString(sum[:])[:17]), Path: p.Path, ARN: arn,
			Default: p.Version, Last: p.Version,
			Versions: []PolicyVersion{{Number: p.Version, Document: string(text), Created: created}},
			Created:  created, Updated: created,
		}
	}
	return out
})

// AWSPolicy returns the policy of AWS with an ARN; false when this server does not have its text.
func AWSPolicy(arn string) (*ManagedPolicy, bool) {
	all := AWSPolicies()
	i := slices.IndexFunc(all, func(p *ManagedPolicy) bool { return p.ARN == arn })
	if i < 0 {
		return nil, false
	}
	return all[i], true
}

// IsAWSPolicy reports whether an ARN is that of a policy of AWS, known here or not.
func IsAWSPolicy(arn string) bool {
	return strings.HasPrefix(arn, "arn:aws:iam::"+awsOwner+":policy/")
}

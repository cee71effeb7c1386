package identity

import (
	"strconv"
	"time"
)

// PolicyName is 1-128 characters of [A-Za-z0-9_+=,.@-]; unique as user names are, whatever the path.
type PolicyName string

// MaxPolicyVersions is how many versions a managed policy may have at once [docs].
const MaxPolicyVersions = 5

// ManagedPolicy is a policy of its own that users, groups and roles can be attached to.
type ManagedPolicy struct {
	Name        PolicyName
	ID          PolicyID
	Path        string
	ARN         string
	Description string
	// Default is the number of the version that is in force.
	Default int
	// Last is the highest number that was ever given: numbers are not used twice.
	Last int
	// Versions are the versions that still exist, by ascending number.
	Versions []PolicyVersion
	Tags     map[string]string
	Created  time.Time
	Updated  time.Time
}

// PolicyVersion is one text of a managed policy.
type PolicyVersion struct {
	Number int
	// Document is JSON text as it was written.
	Document string
	Created  time.Time
}

// VersionID is the name of a version: "v1".
func VersionID(number int) string { return "v" + strconv.Itoa(number) }

// Version returns a version by its name.
func (p *ManagedPolicy) Version(id string) (*PolicyVersion, bool) {
	for i := range p.Versions {
		if VersionID(p.Versions[i].Number) == id {
			return &p.Versions[i], true
		}
	}
	return nil, false
}

// Document returns the text in force; false for a policy that has lost it.
func (p *ManagedPolicy) Document() (string, bool) {
	v, ok := p.Version(VersionID(p.Default))
	if !ok {
		return "", false
	}
	return v.Document, true
}

package identity

import "time"

// UserName is 1-64 characters of [A-Za-z0-9_+=,.@-]; unique in an account, whatever the case of its letters.
type UserName string

// Grants are the policies that an entity carries.
type Grants struct {
	// Policies are the inline policies by name, JSON text as it was written.
	Policies map[string]string
	// Managed are the ARNs of attached managed policies, in the order in which they were attached.
	Managed []string
}

// User is an IAM user: a name with access keys, without a login.
type User struct {
	Name UserName
	ID   UserID
	// Path begins and ends with a slash; "/" when none was given.
	Path string
	ARN  string
	Grants
	// Groups are the groups that the user is in, by id, so that a group can be renamed.
	Groups []GroupID
	// Boundary is the ARN of the permissions boundary, "" when there is none.
	Boundary string
	Tags     map[string]string
	Created  time.Time
}

// GroupName is 1-128 characters of [A-Za-z0-9_+=,.@-]; unique as user names are.
type GroupName string

// Group is a set of users that share policies. Groups are never principals and have no boundary. Who is in
// it stands with the users.
type Group struct {
	Name GroupName
	ID   GroupID
	Path string
	ARN  string
	Grants
	Created time.Time
}

// MaxGroups is how many groups a user may be in [docs].
const MaxGroups = 10

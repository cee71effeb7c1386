package identity

import "time"

// RoleName is 1-64 characters of [A-Za-z0-9_+=,.@-]; unique in an account, whatever the case of its
// letters.
type RoleName string

// Role is an IAM role: who may assume it, and what its holders may do.
type Role struct {
	Name RoleName
	// ID is "AROA" and 17 characters; a role that is made again gets another.
	ID RoleID
	// Path begins and ends with a slash; "/" when none was given.
	Path        string
	ARN         string
	Description string
	// Trust is the assume-role policy, JSON text as it was written.
	Trust string
	// Pinned are the unique ids of the users and roles that Trust names, by ARN.
	Pinned map[string]string
	Grants
	// Boundary is the ARN of the permissions boundary, "" when there is none.
	Boundary string
	// MaxSession is how long a session may be: 1-12 hours.
	MaxSession time.Duration
	Tags       map[string]string
	Created    time.Time
}

package policy

// Kind says what a policy is attached to, which decides what it may say.
type Kind uint8

// The kinds. A customer managed policy is Managed while it is written and may then serve as identity policy or
// as boundary.
const (
	Identity   Kind = 1 + iota // inline policy of a user, group or role
	Managed                    // managed policy of an account
	Boundary                   // permissions boundary
	Session                    // policy passed to AssumeRole and its kin
	SCP                        // service control policy
	Resource                   // policy of a REST API, a function, …
	Endpoint                   // policy of a VPC endpoint
	Trust                      // assume-role policy of a role
	Authorizer                 // policyDocument that a Lambda authorizer returned
	kindsEnd
)

// MaxBytes is the longest document that is parsed, the limit of IAM's wire form. The quotas of services are
// smaller and count differently; they belong to the services.
const MaxBytes = 131072

// rules are what differs between kinds.
type rules struct {
	name string
	// sentences are those of the parser that AWS uses for this kind.
	sentences *[faults]string
	// principal: the statement must name principals; otherwise it must not.
	principal bool
	// noResource: the statement must not name resources (a trust policy is about its own role).
	noResource bool
	// version2012: an older or missing version is refused.
	version2012 bool
	// shortARN: the missing parts at the end of a resource count as *. Otherwise all six must be there.
	shortARN bool
	// shorthand: execute-api:/stage/VERB/path may stand for the API's own ARN until Expand.
	shorthand bool
	// stsOnly: every action is one of STS.
	stsOnly bool
	// empty: a list without statements is a policy, which then says nothing.
	empty bool
	// freeSid: a statement id may hold any characters.
	freeSid bool
}

var kinds = [kindsEnd]rules{
	Identity:   {name: "identity policy", sentences: &iamSentences, shortARN: true},
	Managed:    {name: "managed policy", sentences: &iamSentences, shortARN: true, version2012: true},
	Boundary:   {name: "permissions boundary", sentences: &iamSentences, shortARN: true, version2012: true},
	Session:    {name: "session policy", sentences: &iamSentences, shortARN: true},
	SCP:        {name: "service control policy", sentences: &iamSentences, version2012: true},
	Resource:   {name: "resource policy", sentences: &aplSentences, principal: true, shorthand: true, freeSid: true},
	Endpoint:   {name: "VPC endpoint policy", sentences: &aplSentences, principal: true, freeSid: true},
	Trust:      {name: "role trust policy", sentences: &aplSentences, principal: true, noResource: true, stsOnly: true, freeSid: true},
	Authorizer: {name: "authorizer policy", sentences: &iamSentences, shortARN: true, empty: true},
}

func (k Kind) valid() bool { return 0 < k && k < kindsEnd }

// String names the kind for people.
func (k Kind) String() string {
	if k.valid() {
		return kinds[k].name
	}
	return "unknown kind of policy"
}

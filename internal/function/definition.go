package function

import (
	"time"

	"gatehouse/internal/seal"
)

// AliasName is the name of an alias, 1-128 characters of [A-Za-z0-9-_], not all of them digits.
type AliasName string

// Function is what all versions of a function share.
type Function struct {
	Name Name
	ARN  ARN
	Tags map[string]string
	// Reserved is the reserved concurrency; nil shares the account's, 0 stops the function.
	Reserved *int
	// Published is the number of the last published version; numbers are never used again.
	Published int
	Created   time.Time
}

// Definition is the code and the configuration of one version, as the operator declared it.
type Definition struct {
	Function    Name
	Version     Version
	Description string
	Runtime     string
	Handler     string
	Role        string
	// Timeout is in seconds, 1-900; MemoryMB 128-10240; StorageMB, the size of /tmp, 512-10240.
	Timeout   int
	MemoryMB  int
	StorageMB int
	Env       map[string]seal.Secret
	Code      Code
	Logging   Logging
	// Architecture is x86_64 or arm64. It is kept and shown; code runs on the machine that there is.
	Architecture string
	// Tracing is PassThrough or Active.
	Tracing string
	// SnapStart is None or PublishedVersions.
	SnapStart string
	// The rest is kept and shown, and changes nothing here.
	PackageType      string
	Layers           []string
	SubnetIDs        []string
	SecurityGroupIDs []string
	IPv6             bool
	DeadLetter       string
	KMSKey           string
	FileSystems      []FileSystem
	// Revision is a UUID that changes with every update.
	Revision string
	Modified time.Time
}

// Code says where the code of a version lies.
type Code struct {
	// Digest is the SHA-256 of the zip in hex, or what a linked directory is known by.
	Digest string
	// Size of the zip, in bytes; 0 for linked code.
	Size int64
	// Dir is the unpacked code, absolute; "" for container images.
	Dir    string
	Linked bool
	// Image is the URI of a container image. It cannot be run here.
	Image string
}

// Logging is where a function's log goes and how it looks.
type Logging struct {
	// Format is Text or JSON; the levels are for JSON only.
	Format, ApplicationLevel, SystemLevel, Group string
}

// FileSystem is an EFS access point.
type FileSystem struct{ ARN, MountPath string }

// Alias is a name for a version, or for two with weights.
type Alias struct {
	Function    Name
	Name        AliasName
	Version     Version
	Description string
	// Weights gives other versions a share of the calls, 0-1.
	Weights  map[Version]float64
	Revision string
}

// Policy is the resource policy of one qualifier of a function.
type Policy struct {
	Function Name
	// Qualifier is "" for the function itself, else a version or an alias.
	Qualifier  string
	Statements []Statement
	Revision   string
}

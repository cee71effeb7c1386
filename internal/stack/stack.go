// Package stack holds the nouns of CloudFormation: stacks, the records of their resources, events,
// outputs and exports.
//
// It owns the values and the words that AWS uses for states. It does not know the template language
// (template), how a resource is made (cloudformation) or where a record is kept (tables). It follows the
// CloudFormation API reference, data types Stack, StackResource, StackEvent, Output and Export.
package stack

import (
	"time"

	"gatehouse/internal/seal"
)

// Name is 1-128 characters of [A-Za-z0-9-], beginning with a letter; unique among living stacks.
type Name string

// ID is the ARN of a stack, arn:…:cloudformation:REGION:ACCOUNT:stack/NAME/UUID. A deleted stack keeps
// its id; a new one of the same name gets another.
type ID string

// LogicalID is the name of a resource inside its template, alphanumeric.
type LogicalID string

// PhysicalID is what Ref returns: the service's own name for the resource.
type PhysicalID string

// Status is a state of a stack or of a resource, in AWS's spelling.
type Status string

// The states.
const (
	CreateInProgress Status = "CREATE_IN_PROGRESS"
	CreateComplete   Status = "CREATE_COMPLETE"
	CreateFailed     Status = "CREATE_FAILED"

	UpdateInProgress        Status = "UPDATE_IN_PROGRESS"
	UpdateCleanupInProgress Status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
	UpdateComplete          Status = "UPDATE_COMPLETE"
	UpdateFailed            Status = "UPDATE_FAILED"

	DeleteInProgress Status = "DELETE_IN_PROGRESS"
	DeleteComplete   Status = "DELETE_COMPLETE"
	DeleteFailed     Status = "DELETE_FAILED"
	DeleteSkipped    Status = "DELETE_SKIPPED"

	RollbackInProgress Status = "ROLLBACK_IN_PROGRESS"
	RollbackComplete   Status = "ROLLBACK_COMPLETE"
	RollbackFailed     Status = "ROLLBACK_FAILED"

	UpdateRollbackInProgress        Status = "UPDATE_ROLLBACK_IN_PROGRESS"
	UpdateRollbackCleanupInProgress Status = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
	UpdateRollbackComplete          Status = "UPDATE_ROLLBACK_COMPLETE"
	UpdateRollbackFailed            Status = "UPDATE_ROLLBACK_FAILED"
)

// StackType is the resource type that the events of a stack itself carry.
const StackType = "AWS::CloudFormation::Stack"

// Stack is one deployed template.
type Stack struct {
	ID   ID
	Name Name
	// Status is what the last operation came to.
	Status       Status
	StatusReason string
	Description  string
	// Template is the body as it was submitted, sealed because people write secrets into templates.
	Template   seal.Secret
	Parameters []Parameter
	Outputs    []Output
	Created    time.Time
	// Updated is zero until the first update.
	Updated time.Time
	// Deleted is zero while the stack lives.
	Deleted time.Time
	// LastEvent is the Seq of the newest event.
	LastEvent uint64
	// Stale is set while the definition of an API has changed and its deployments have yet to follow;
	// only operations that deploy by intent keep it.
	Stale bool
	// Intent is set for the stack of a definition that is edited and watched. There is one at most: when
	// the definition gets another name, so does its stack.
	Intent bool
}

// Parameter is one resolved parameter of a stack.
type Parameter struct {
	Key   string
	Value seal.Secret
	// NoEcho parameters are shown as ****.
	NoEcho bool
}

// Output is one output of a stack.
type Output struct {
	Key, Value, Description string
	// Secret stands for Value where that holds an attribute which is a secret.
	Secret seal.Secret
	// ExportName is "" for an output that other stacks cannot import.
	ExportName string
}

// Export is an output under a name that is unique in account and region.
type Export struct {
	Name, Value string
	// Secret stands for Value as in Output.
	Secret seal.Secret
	Stack  ID
}

// Policy says what happens to the real thing when the record of a resource goes away.
type Policy string

// The deletion and update-replace policies.
const (
	PolicyDelete               Policy = "Delete"
	PolicyRetain               Policy = "Retain"
	PolicyRetainExceptOnCreate Policy = "RetainExceptOnCreate"
	PolicySnapshot             Policy = "Snapshot"
)

// ResourceRecord is what a stack remembers of one resource.
type ResourceRecord struct {
	Stack      ID
	LogicalID  LogicalID
	Type       string
	PhysicalID PhysicalID
	// Properties are the resolved properties as canonical JSON. They hold API-key values and function
	// environments, so they are sealed as a whole.
	Properties seal.Secret
	// Attributes are what Fn::GetAtt returns, Secrets those of them that are secrets.
	Attributes map[string]string
	Secrets    map[string]seal.Secret
	// Needs are the logical ids that this resource was built from; deletion goes the other way.
	Needs []LogicalID
	// Deletion and UpdateReplace are the policies of the template that was last deployed.
	Deletion, UpdateReplace Policy
	// Generation counts replacements, from 0; see WithHint.
	Generation int
	// Replaced are earlier physical resources that the cleanup phase has yet to delete.
	Replaced []Replaced
	// StandIn marks a record with nothing behind it: the type is not emulated.
	StandIn      bool
	Status       Status
	StatusReason string
	Updated      time.Time
}

// Replaced is a physical resource that another one took the place of.
type Replaced struct {
	PhysicalID PhysicalID
	Properties seal.Secret
	Attributes map[string]string
	Secrets    map[string]seal.Secret
}

// Event is one line of a stack's history.
type Event struct {
	Stack StackRef
	// Seq orders the events of a stack, from 1.
	Seq        uint64
	LogicalID  LogicalID
	PhysicalID PhysicalID
	Type       string
	Status     Status
	Reason     string
	At         time.Time
}

// StackRef names a stack both ways, as events do.
type StackRef struct {
	ID   ID
	Name Name
}

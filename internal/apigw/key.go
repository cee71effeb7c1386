package apigw

import (
	"time"

	"gatehouse/internal/seal"
)

// APIKey identifies a client of usage plans. It is a means of metering, not of authentication, yet its
// value is kept like a password.
type APIKey struct {
	ID          KeyID
	Name        string
	Description string
	CustomerID  string
	Enabled     bool
	// Value is 20-128 characters; sealed at rest.
	Value   seal.Secret
	Created time.Time
	Updated time.Time
	// StageKeys is the old association ("api/stage"); it grants nothing on plans.
	StageKeys []string
	Tags      map[string]string
}

// PlanKey puts a key into a plan.
type PlanKey struct {
	Plan PlanID
	Key  KeyID
	// Created is when the key was put into the plan: the quota's offset applies to the period of that day.
	Created time.Time
}

// Usage is what a key has used of a plan's quota on one day, which GetUsage reports and the periods are
// summed from.
type Usage struct {
	Plan PlanID
	Key  KeyID
	// Day is "2006-01-02" in UTC.
	Day  string
	Used int64
	// Granted was added to the quota of the period by UpdateUsage, or taken away when it is negative.
	Granted int64
}

// KeyValue is the value that was drawn for a key which a definition declares by name only. It is kept, so
// that the key is the same one after a restart and after a reset.
type KeyValue struct {
	Stack, Name string
	Value       seal.Secret
}

package identity

import (
	"testing"

	"gatehouse/internal/policy"
	"gatehouse/internal/seal"
)

// TestBoundedCaller: policies must know of a boundary, because NotPrincipal spares nobody who has one.
func TestBoundedCaller(t *testing.T) {
	p := Principal{Kind: IAMUser, ARN: "arn:aws:iam::123456789012:user/u"}
	if NewCaller(p, seal.Hide("s"), &policy.Set{}).Subject.Bounded || NewCaller(p, seal.Hide("s"), nil).Subject.Bounded {
		t.Error("a caller without a boundary is bounded")
	}
	if !NewCaller(p, seal.Hide("s"), &policy.Set{Boundary: &policy.Policy{}}).Subject.Bounded {
		t.Error("a caller with a boundary is not bounded")
	}
}

// Package archtest holds no code: its tests keep the house as it was planned. They read the floor plan
// below as text, compare it with every import in the tree, and look for what the pure floors must not do.
//
// The plan is policy. When a test here fails, change the code, not the plan; a change of the plan needs its
// reason in docs/architecture.md.
package archtest

// Package wire puts AWS's protocols between bytes and the tagged structs of package shape: it decodes a
// request into the input of an operation, calls the operation's method, and encodes its output or refusal.
//
// It owns the protocols (rest-json now; json 1.1 and query have their place in protocol.go), the checks of
// the model's constraints with AWS's own texts, and the list of what is offered. It knows no service and
// no generated package, nor who the caller is and whether they may (package controlplane).
//
// Decoding is stricter than AWS in one respect: a member name that occurs twice, or that differs from a
// member's name by the case of letters only, is refused, because two readers of such a document may
// disagree about what it says. Members that the model does not know are ignored, as AWS does.
package wire

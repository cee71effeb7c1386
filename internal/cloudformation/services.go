package cloudformation

import (
	"gatehouse/internal/wire"
)

// Services are what the providers call. Each interface lists the operations of one service that they need,
// as the methods are that the wire API calls.
type Services struct {
	APIGateway APIGateway
	Lambda     Lambda
	IAM        IAM
	EC2        EC2
}

// absent forgives that something to be deleted is not there.
func absent(err error) error {
	switch wire.CodeOf(err) {
	case "NotFoundException", "ResourceNotFoundException", "NoSuchEntity",
		"InvalidVpcEndpoint.NotFound":
		return nil
	}
	return err
}

// value is the zero value for nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

package cloudformation

// Services are what the providers call.
type Services struct{}

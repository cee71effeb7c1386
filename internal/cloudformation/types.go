package cloudformation

import "slices"

// modelled is the table of types, one list per family. A type that is not here is a stand-in, or refused
// when it bears on access.
func modelled() map[string]*resourceType {
	types := map[string]*resourceType{}
	for _, t := range slices.Concat(apiGatewayTypes(), lambdaTypes(), iamTypes(), ec2Types(), recordedTypes()) {
		types[t.name] = &t
	}
	return types
}

// recordedTypes have nothing behind them, and nobody has to be told: what matters of them is their name.
func recordedTypes() []resourceType {
	return []resourceType{
		{name: "AWS::Logs::LogGroup", attributes: []string{"Arn"}, quiet: true, open: true},
		{name: "AWS::CDK::Metadata", quiet: true, open: true},
		// Serverless Framework's custom resource that sets the account's role for logs.
		{name: "Custom::ApiGatewayAccountRole", quiet: true, open: true},
	}
}

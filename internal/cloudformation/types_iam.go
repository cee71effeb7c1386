package cloudformation

// iamTypes are the roles.
func iamTypes() []resourceType {
	return []resourceType{{
		name: "AWS::IAM::Role", attributes: []string{"Arn", "RoleId"},
		props: []property{
			prop("RoleName", text).fixed(), prop("Path", text).fixed(), prop("Description", text),
			{name: "AssumeRolePolicyDocument", kind: jsonDoc, required: true},
			prop("Policies", objects, prop("PolicyName", text).needed(), property{name: "PolicyDocument", kind: jsonDoc, required: true}),
			prop("ManagedPolicyArns", texts), prop("PermissionsBoundary", text), prop("MaxSessionDuration", integer),
			prop("Tags", tags),
		},
		named:    func(p properties) (string, string) { return p.must("RoleName"), "" },
		provider: func(s *Services) provider { return role{s.IAM} },
	}}
}

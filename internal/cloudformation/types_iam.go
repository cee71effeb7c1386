package cloudformation

// noPassword refuses what would be a login.
var noPassword = refuse("LoginProfile", "users have access keys here, and no passwords")

// iamTypes are who may do what.
func iamTypes() []resourceType {
	document := property{name: "PolicyDocument", kind: jsonDoc, required: true}
	policies := prop("Policies", objects, prop("PolicyName", text).needed(), document)
	one := func(noun string, holder func(*Services) provider) resourceType {
		return resourceType{
			name:     "AWS::IAM::" + noun + "Policy",
			props:    []property{prop("PolicyName", text).fixed().needed(), prop(noun+"Name", text).fixed().needed(), document},
			provider: holder,
		}
	}
	return []resourceType{
		{
			name: "AWS::IAM::Role", attributes: []string{"Arn", "RoleId"},
			props: []property{
				prop("RoleName", text).fixed(), prop("Path", text).fixed(), prop("Description", text),
				{name: "AssumeRolePolicyDocument", kind: jsonDoc, required: true}, policies,
				prop("ManagedPolicyArns", texts), prop("PermissionsBoundary", text), prop("MaxSessionDuration", integer), prop("Tags", tags),
			},
			named:    func(p properties) (string, string) { return p.must("RoleName"), "" },
			provider: func(s *Services) provider { return role{s.IAM} },
		},
		{
			name: "AWS::IAM::User", attributes: []string{"Arn"},
			props: []property{
				prop("UserName", text).fixed(), prop("Path", text), prop("Groups", texts), policies,
				prop("ManagedPolicyArns", texts), prop("PermissionsBoundary", text), prop("Tags", tags), noPassword,
			},
			named:    func(p properties) (string, string) { return p.must("UserName"), "" },
			provider: func(s *Services) provider { return user{s.IAM} },
		},
		{
			name: "AWS::IAM::Group", attributes: []string{"Arn"},
			props:    []property{prop("GroupName", text).fixed(), prop("Path", text), policies, prop("ManagedPolicyArns", texts)},
			named:    func(p properties) (string, string) { return p.must("GroupName"), "" },
			provider: func(s *Services) provider { return group{s.IAM} },
		},
		{
			name:     "AWS::IAM::UserToGroupAddition",
			props:    []property{{name: "GroupName", kind: text, required: true}, {name: "Users", kind: texts, required: true}},
			provider: func(s *Services) provider { return membership{s.IAM} },
		},
		{
			name: "AWS::IAM::AccessKey", attributes: []string{"SecretAccessKey"}, secrets: []string{"SecretAccessKey"},
			props:    []property{prop("UserName", text).fixed().needed(), prop("Serial", integer).fixed(), prop("Status", text)},
			provider: func(s *Services) provider { return accessKey{s.IAM} },
		},
		{
			name: "AWS::IAM::Policy", attributes: []string{"Id"},
			props: []property{
				{name: "PolicyName", kind: text, required: true}, document, prop("Users", texts), prop("Groups", texts), prop("Roles", texts),
			},
			provider: func(s *Services) provider { return inlinePolicy{s.IAM} },
		},
		one("User", func(s *Services) provider { return onePolicy{s.IAM, "UserName", userPolicies} }),
		one("Group", func(s *Services) provider { return onePolicy{s.IAM, "GroupName", groupPolicies} }),
		one("Role", func(s *Services) provider { return onePolicy{s.IAM, "RoleName", rolePolicies} }),
		{
			name: "AWS::IAM::ManagedPolicy", attributes: []string{"PolicyArn", "PolicyId", "DefaultVersionId"},
			props: []property{
				prop("ManagedPolicyName", text).fixed(), prop("Path", text).fixed(), prop("Description", text).fixed(), document,
				prop("Users", texts), prop("Groups", texts), prop("Roles", texts),
			},
			provider: func(s *Services) provider { return managedPolicy{s.IAM} },
		},
		{
			name: "AWS::IAM::OIDCProvider", attributes: []string{"Arn"},
			props:    []property{prop("Url", text).fixed().needed(), prop("ClientIdList", texts), prop("ThumbprintList", texts), prop("Tags", tags)},
			provider: func(s *Services) provider { return oidcProvider{s.IAM} },
		},
		// Profiles are for machines of EC2, of which there are none.
		{name: "AWS::IAM::InstanceProfile", attributes: []string{"Arn"}, quiet: true, open: true},
	}
}

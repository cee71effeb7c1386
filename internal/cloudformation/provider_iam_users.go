package cloudformation

import (
	"context"

	"gatehouse/internal/awsapi/iam"
)

type usersAndGroups interface {
	CreateUser(context.Context, *iam.CreateUserInput) (*iam.CreateUserResponse, error)
	GetUser(context.Context, *iam.GetUserInput) (*iam.GetUserResponse, error)
	UpdateUser(context.Context, *iam.UpdateUserInput) error
	DeleteUser(context.Context, *iam.DeleteUserInput) error
	PutUserPolicy(context.Context, *iam.PutUserPolicyInput) error
	DeleteUserPolicy(context.Context, *iam.DeleteUserPolicyInput) error
	AttachUserPolicy(context.Context, *iam.AttachUserPolicyInput) error
	DetachUserPolicy(context.Context, *iam.DetachUserPolicyInput) error
	PutUserPermissionsBoundary(context.Context, *iam.PutUserPermissionsBoundaryInput) error
	DeleteUserPermissionsBoundary(context.Context, *iam.DeleteUserPermissionsBoundaryInput) error
	TagUser(context.Context, *iam.TagUserInput) error
	UntagUser(context.Context, *iam.UntagUserInput) error
	CreateAccessKey(context.Context, *iam.CreateAccessKeyInput) (*iam.CreateAccessKeyResponse, error)
	UpdateAccessKey(context.Context, *iam.UpdateAccessKeyInput) error
	DeleteAccessKey(context.Context, *iam.DeleteAccessKeyInput) error
	CreateGroup(context.Context, *iam.CreateGroupInput) (*iam.CreateGroupResponse, error)
	GetGroup(context.Context, *iam.GetGroupInput) (*iam.GetGroupResponse, error)
	UpdateGroup(context.Context, *iam.UpdateGroupInput) error
	DeleteGroup(context.Context, *iam.DeleteGroupInput) error
	PutGroupPolicy(context.Context, *iam.PutGroupPolicyInput) error
	DeleteGroupPolicy(context.Context, *iam.DeleteGroupPolicyInput) error
	AttachGroupPolicy(context.Context, *iam.AttachGroupPolicyInput) error
	DetachGroupPolicy(context.Context, *iam.DetachGroupPolicyInput) error
	AddUserToGroup(context.Context, *iam.AddUserToGroupInput) error
	RemoveUserFromGroup(context.Context, *iam.RemoveUserFromGroupInput) error
}

type user struct{ api IAM }

func (p user) create(ctx context.Context, r *request) (result, error) {
	name := or(r.props.text("UserName"), r.generated)
	out, err := p.api.CreateUser(ctx, &iam.CreateUserInput{
		UserName: name, Path: r.props.text("Path"), PermissionsBoundary: r.props.text("PermissionsBoundary"), Tags: iamTags(r.props.tags("Tags")),
	})
	if err != nil {
		return result{}, err
	}
	return result{name, map[string]string{"Arn": out.User.Arn}}, p.carries(ctx, name, properties{}, r.props)
}

func (p user) update(ctx context.Context, r *request) (result, error) {
	name := r.physical
	if r.props.must("Path") != r.old.must("Path") {
		if err := p.api.UpdateUser(ctx, &iam.UpdateUserInput{UserName: name, NewPath: new(or(r.props.text("Path"), "/"))}); err != nil {
			return result{}, err
		}
	}
	var err error
	switch old, now := r.old.must("PermissionsBoundary"), r.props.must("PermissionsBoundary"); {
	case old == now:
	case now == "":
		err = absent(p.api.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: name}))
	default:
		err = p.api.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: name, PermissionsBoundary: now})
	}
	if err != nil {
		return result{}, err
	}
	if err := p.carries(ctx, name, r.old, r.props); err != nil {
		return result{}, err
	}
	set, gone := changedTags(r.old.tags("Tags"), r.props.tags("Tags"))
	if len(gone) > 0 {
		if err := p.api.UntagUser(ctx, &iam.UntagUserInput{UserName: name, TagKeys: gone}); err != nil {
			return result{}, err
		}
	}
	if len(set) > 0 {
		if err := p.api.TagUser(ctx, &iam.TagUserInput{UserName: name, Tags: iamTags(set)}); err != nil {
			return result{}, err
		}
	}
	out, err := p.api.GetUser(ctx, &iam.GetUserInput{UserName: &name})
	if err != nil {
		return result{}, err
	}
	return result{name, map[string]string{"Arn": out.User.Arn}}, nil
}

// carries brings policies and groups from what old says to what now says.
func (p user) carries(ctx context.Context, name string, old, now properties) error {
	for _, g := range without(old.texts("Groups"), now.texts("Groups")) {
		if err := absent(p.api.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: g, UserName: name})); err != nil {
			return err
		}
	}
	if err := userPolicies(ctx, p.api, name).policies(old, now); err != nil {
		return err
	}
	for _, g := range without(now.texts("Groups"), old.texts("Groups")) {
		if err := p.api.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: g, UserName: name}); err != nil {
			return err
		}
	}
	return nil
}

// delete takes off what the template gave. What somebody else gave keeps the user, as on AWS.
func (p user) delete(ctx context.Context, r *request) error {
	if err := absent(p.carries(ctx, r.physical, r.props, properties{})); err != nil {
		return err
	}
	return absent(p.api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: r.physical}))
}

func userPolicies(ctx context.Context, api IAM, name string) holder {
	return holder{
		put: func(policy, document string) error {
			return api.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: policy, PolicyDocument: document})
		},
		drop: func(policy string) error {
			return api.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: name, PolicyName: policy})
		},
		attach: func(arn string) error {
			return api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: name, PolicyArn: arn})
		},
		detach: func(arn string) error {
			return api.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: name, PolicyArn: arn})
		},
	}
}

type group struct{ api IAM }

func (p group) create(ctx context.Context, r *request) (result, error) {
	name := or(r.props.text("GroupName"), r.generated)
	out, err := p.api.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: name, Path: r.props.text("Path")})
	if err != nil {
		return result{}, err
	}
	return result{name, map[string]string{"Arn": out.Group.Arn}}, groupPolicies(ctx, p.api, name).policies(properties{}, r.props)
}

func (p group) update(ctx context.Context, r *request) (result, error) {
	name := r.physical
	if r.props.must("Path") != r.old.must("Path") {
		if err := p.api.UpdateGroup(ctx, &iam.UpdateGroupInput{GroupName: name, NewPath: new(or(r.props.text("Path"), "/"))}); err != nil {
			return result{}, err
		}
	}
	if err := groupPolicies(ctx, p.api, name).policies(r.old, r.props); err != nil {
		return result{}, err
	}
	out, err := p.api.GetGroup(ctx, &iam.GetGroupInput{GroupName: name, MaxItems: new(int32(1))})
	if err != nil {
		return result{}, err
	}
	return result{name, map[string]string{"Arn": out.Group.Arn}}, nil
}

func (p group) delete(ctx context.Context, r *request) error {
	if err := absent(groupPolicies(ctx, p.api, r.physical).policies(r.props, properties{})); err != nil {
		return err
	}
	return absent(p.api.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: r.physical}))
}

func groupPolicies(ctx context.Context, api IAM, name string) holder {
	return holder{
		put: func(policy, document string) error {
			return api.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: name, PolicyName: policy, PolicyDocument: document})
		},
		drop: func(policy string) error {
			return api.DeleteGroupPolicy(ctx, &iam.DeleteGroupPolicyInput{GroupName: name, PolicyName: policy})
		},
		attach: func(arn string) error {
			return api.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: name, PolicyArn: arn})
		},
		detach: func(arn string) error {
			return api.DetachGroupPolicy(ctx, &iam.DetachGroupPolicyInput{GroupName: name, PolicyArn: arn})
		},
	}
}

// membership is AWS::IAM::UserToGroupAddition.
type membership struct{ api IAM }

func (p membership) create(ctx context.Context, r *request) (result, error) {
	return result{r.generated, nil}, p.members(ctx, r.props.must("GroupName"), nil, r.props.texts("Users"))
}

func (p membership) update(ctx context.Context, r *request) (result, error) {
	was, is := r.old.must("GroupName"), r.props.must("GroupName")
	if was == is {
		return result{r.physical, nil}, p.members(ctx, is, r.old.texts("Users"), r.props.texts("Users"))
	}
	if err := p.members(ctx, was, r.old.texts("Users"), nil); err != nil {
		return result{}, err
	}
	return result{r.physical, nil}, p.members(ctx, is, nil, r.props.texts("Users"))
}

func (p membership) members(ctx context.Context, group string, old, now []string) error {
	for _, u := range without(old, now) {
		if err := absent(p.api.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: group, UserName: u})); err != nil {
			return err
		}
	}
	for _, u := range without(now, old) {
		if err := p.api.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: group, UserName: u}); err != nil {
			return err
		}
	}
	return nil
}

func (p membership) delete(ctx context.Context, r *request) error {
	return p.members(ctx, r.props.must("GroupName"), r.props.texts("Users"), nil)
}

// accessKey is a key of a user. Its secret is an attribute that is kept sealed.
type accessKey struct{ api IAM }

func (p accessKey) create(ctx context.Context, r *request) (result, error) {
	name := r.props.must("UserName")
	out, err := p.api.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		return result{}, err
	}
	made := result{out.AccessKey.AccessKeyId, map[string]string{"SecretAccessKey": out.AccessKey.SecretAccessKey}}
	if status := r.props.must("Status"); status != "" && status != iam.StatusTypeActive {
		return made, p.status(ctx, name, made.physical, status)
	}
	return made, nil
}

func (p accessKey) update(ctx context.Context, r *request) (result, error) {
	return result{r.physical, r.attributes}, p.status(ctx, r.props.must("UserName"), r.physical, or(r.props.text("Status"), iam.StatusTypeActive))
}

func (p accessKey) status(ctx context.Context, user, key, status string) error {
	return p.api.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: &user, AccessKeyId: key, Status: status})
}

func (p accessKey) delete(ctx context.Context, r *request) error {
	name := r.props.must("UserName")
	return absent(p.api.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &name, AccessKeyId: r.physical}))
}

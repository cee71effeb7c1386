package cloudformation

import (
	"context"
	"errors"

	"gatehouse/internal/awsapi/iam"
)

type managedPolicies interface {
	CreatePolicy(context.Context, *iam.CreatePolicyInput) (*iam.CreatePolicyResponse, error)
	DeletePolicy(context.Context, *iam.DeletePolicyInput) error
	CreatePolicyVersion(context.Context, *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionResponse, error)
	ListPolicyVersions(context.Context, *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsResponse, error)
	DeletePolicyVersion(context.Context, *iam.DeletePolicyVersionInput) error
}

// places are who a policy of a template is put on: its lists of users, groups and roles.
type places struct{ api IAM }

// each calls fn with everybody whom the lists of a, but not those of b, name.
func (p places) each(ctx context.Context, a, b properties, fn func(holder) error) error {
	for _, list := range []struct {
		property string
		holder   func(context.Context, IAM, string) holder
	}{
		{"Users", userPolicies}, {"Groups", groupPolicies}, {"Roles", rolePolicies},
	} {
		for _, name := range without(a.texts(list.property), b.texts(list.property)) {
			if err := fn(list.holder(ctx, p.api, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// inlinePolicy is AWS::IAM::Policy: one document, put inline on everybody whom it names.
type inlinePolicy struct{ api IAM }

func (p inlinePolicy) create(ctx context.Context, r *request) (result, error) {
	return result{r.generated, map[string]string{"Id": r.generated}}, p.put(ctx, properties{}, r.props)
}

func (p inlinePolicy) update(ctx context.Context, r *request) (result, error) {
	name, document := r.props.must("PolicyName"), value(r.props.json("PolicyDocument"))
	if r.old.must("PolicyName") != name {
		if err := p.drop(ctx, r.old, properties{}); err != nil {
			return result{}, err
		}
		return result{r.physical, r.attributes}, p.put(ctx, properties{}, r.props)
	}
	if err := p.drop(ctx, r.old, r.props); err != nil {
		return result{}, err
	}
	already := r.old
	if value(r.old.json("PolicyDocument")) != document {
		already = properties{}
	}
	return result{r.physical, r.attributes}, p.put(ctx, already, r.props)
}

// put puts the policy on those who do not have it already.
func (p inlinePolicy) put(ctx context.Context, already, now properties) error {
	if len(now.texts("Users"))+len(now.texts("Groups"))+len(now.texts("Roles")) == 0 {
		return errors.New("the policy names no user, group or role: give it at least one of Users, Groups and Roles") // [docs]
	}
	return places(p).each(ctx, now, already, func(h holder) error {
		return h.put(now.must("PolicyName"), value(now.json("PolicyDocument")))
	})
}

// drop takes the policy off those who are not to have it any more.
func (p inlinePolicy) drop(ctx context.Context, old, now properties) error {
	return places(p).each(ctx, old, now, func(h holder) error { return absent(h.drop(old.must("PolicyName"))) })
}

func (p inlinePolicy) delete(ctx context.Context, r *request) error {
	return p.drop(ctx, r.props, properties{})
}

// onePolicy is AWS::IAM::UserPolicy and its kin: a document on one user, group or role.
type onePolicy struct {
	api    IAM
	member string // the property that names whom
	holder func(context.Context, IAM, string) holder
}

func (p onePolicy) create(ctx context.Context, r *request) (result, error) {
	name := r.props.must("PolicyName")
	return result{name + "|" + r.props.must(p.member), nil}, p.put(ctx, r)
}

func (p onePolicy) update(ctx context.Context, r *request) (result, error) {
	return result{r.physical, r.attributes}, p.put(ctx, r)
}

func (p onePolicy) put(ctx context.Context, r *request) error {
	return p.holder(ctx, p.api, r.props.must(p.member)).put(r.props.must("PolicyName"), value(r.props.json("PolicyDocument")))
}

func (p onePolicy) delete(ctx context.Context, r *request) error {
	return absent(p.holder(ctx, p.api, r.props.must(p.member)).drop(r.props.must("PolicyName")))
}

// managedPolicy is AWS::IAM::ManagedPolicy: a policy of its own, attached to everybody whom it names.
type managedPolicy struct{ api IAM }

func (p managedPolicy) create(ctx context.Context, r *request) (result, error) {
	out, err := p.api.CreatePolicy(ctx, &iam.CreatePolicyInput{
		PolicyName: or(r.props.text("ManagedPolicyName"), r.generated), Path: r.props.text("Path"), Description: r.props.text("Description"),
		PolicyDocument: value(r.props.json("PolicyDocument")),
	})
	if err != nil {
		return result{}, err
	}
	arn := value(out.Policy.Arn)
	made := result{arn, map[string]string{"PolicyArn": arn, "PolicyId": value(out.Policy.PolicyId), "DefaultVersionId": value(out.Policy.DefaultVersionId)}}
	return made, places(p).each(ctx, r.props, properties{}, func(h holder) error { return h.attach(arn) })
}

// update takes the policy off those who lose it before its text changes, and gives it to the others after.
func (p managedPolicy) update(ctx context.Context, r *request) (result, error) {
	arn := r.physical
	made := result{arn, map[string]string{"PolicyArn": arn, "PolicyId": r.attributes["PolicyId"], "DefaultVersionId": r.attributes["DefaultVersionId"]}}
	if err := places(p).each(ctx, r.old, r.props, func(h holder) error { return absent(h.detach(arn)) }); err != nil {
		return result{}, err
	}
	if document := value(r.props.json("PolicyDocument")); document != value(r.old.json("PolicyDocument")) {
		if err := p.prune(ctx, arn, 4); err != nil {
			return result{}, err
		}
		out, err := p.api.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: document, SetAsDefault: new(true)})
		if err != nil {
			return result{}, err
		}
		made.attributes["DefaultVersionId"] = value(out.PolicyVersion.VersionId)
	}
	return made, places(p).each(ctx, r.props, r.old, func(h holder) error { return h.attach(arn) })
}

// prune deletes the oldest versions that are not in force until no more than n are left.
func (p managedPolicy) prune(ctx context.Context, arn string, n int) error {
	out, err := p.api.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: arn})
	if err != nil {
		return err
	}
	left := len(out.Versions)
	for i := len(out.Versions) - 1; i >= 0 && left > n; i-- { // the newest is first
		if v := out.Versions[i]; !value(v.IsDefaultVersion) {
			if err := p.api.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: value(v.VersionId)}); err != nil {
				return err
			}
			left--
		}
	}
	return nil
}

// delete detaches the policy from those whom the template names. Somebody else who has it keeps it, as on AWS.
func (p managedPolicy) delete(ctx context.Context, r *request) error {
	if err := places(p).each(ctx, r.props, properties{}, func(h holder) error { return absent(h.detach(r.physical)) }); err != nil {
		return err
	}
	if err := absent(p.prune(ctx, r.physical, 1)); err != nil {
		return err
	}
	return absent(p.api.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: r.physical}))
}

type oidcProviders interface {
	CreateOpenIDConnectProvider(context.Context, *iam.CreateOpenIDConnectProviderInput) (*iam.CreateOpenIDConnectProviderResponse, error)
	DeleteOpenIDConnectProvider(context.Context, *iam.DeleteOpenIDConnectProviderInput) error
	AddClientIDToOpenIDConnectProvider(context.Context, *iam.AddClientIDToOpenIDConnectProviderInput) error
	RemoveClientIDFromOpenIDConnectProvider(context.Context, *iam.RemoveClientIDFromOpenIDConnectProviderInput) error
	UpdateOpenIDConnectProviderThumbprint(context.Context, *iam.UpdateOpenIDConnectProviderThumbprintInput) error
	TagOpenIDConnectProvider(context.Context, *iam.TagOpenIDConnectProviderInput) error
	UntagOpenIDConnectProvider(context.Context, *iam.UntagOpenIDConnectProviderInput) error
}

type oidcProvider struct{ api IAM }

func (p oidcProvider) create(ctx context.Context, r *request) (result, error) {
	out, err := p.api.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: r.props.must("Url"), ClientIDList: r.props.texts("ClientIdList"), ThumbprintList: r.props.texts("ThumbprintList"), Tags: iamTags(r.props.tags("Tags")),
	})
	if err != nil {
		return result{}, err
	}
	arn := value(out.OpenIDConnectProviderArn)
	return result{arn, map[string]string{"Arn": arn}}, nil
}

func (p oidcProvider) update(ctx context.Context, r *request) (result, error) {
	arn := r.physical
	for _, c := range without(r.old.texts("ClientIdList"), r.props.texts("ClientIdList")) {
		if err := p.api.RemoveClientIDFromOpenIDConnectProvider(ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: c}); err != nil {
			return result{}, err
		}
	}
	for _, c := range without(r.props.texts("ClientIdList"), r.old.texts("ClientIdList")) {
		if err := p.api.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: c}); err != nil {
			return result{}, err
		}
	}
	if err := p.api.UpdateOpenIDConnectProviderThumbprint(ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: r.props.texts("ThumbprintList")}); err != nil {
		return result{}, err
	}
	set, gone := changedTags(r.old.tags("Tags"), r.props.tags("Tags"))
	if len(gone) > 0 {
		if err := p.api.UntagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, TagKeys: gone}); err != nil {
			return result{}, err
		}
	}
	if len(set) > 0 {
		if err := p.api.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, Tags: iamTags(set)}); err != nil {
			return result{}, err
		}
	}
	return result{arn, r.attributes}, nil
}

func (p oidcProvider) delete(ctx context.Context, r *request) error {
	return absent(p.api.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: r.physical}))
}

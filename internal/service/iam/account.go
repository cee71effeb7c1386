package iam

import (
	"context"
	"fmt"

	api "gatehouse/internal/awsapi/iam"
	"gatehouse/internal/identity"
	"gatehouse/internal/store"
)

// GetAccountSummary counts what the account has, beside the quotas that are enforced here.
func (s *Service) GetAccountSummary(ctx context.Context, _ *api.GetAccountSummaryInput) (*api.GetAccountSummaryResponse, error) {
	sum := map[string]int32{
		"UsersQuota": 5000, "GroupsQuota": 300, "RolesQuota": 1000, "PoliciesQuota": 1500, "InstanceProfiles": 0, "InstanceProfilesQuota": 1000,
		"ServerCertificates": 0, "ServerCertificatesQuota": 20, "SigningCertificatesPerUserQuota": 2, "AccountSigningCertificatesPresent": 0,
		"UserPolicySizeQuota": int32(s.users.inline), "GroupPolicySizeQuota": int32(s.groups.inline), "RolePolicySizeQuota": int32(s.roles.inline),
		"GroupsPerUserQuota": identity.MaxGroups, "AccessKeysPerUserQuota": identity.MaxAccessKeys,
		"AttachedPoliciesPerUserQuota": MaxAttached, "AttachedPoliciesPerGroupQuota": MaxAttached, "AttachedPoliciesPerRoleQuota": MaxAttached,
		"PolicySizeQuota": maxManaged, "AssumeRolePolicySizeQuota": maxTrust, "VersionsPerPolicyQuota": identity.MaxPolicyVersions,
		"PolicyVersionsInUse": 0, "PolicyVersionsInUseQuota": 10000, "MFADevices": 0, "MFADevicesInUse": 0, "AccountMFAEnabled": 0,
		"AccountAccessKeysPresent": 0, "AccountPasswordPresent": 0, "GlobalEndpointTokenVersion": 1,
	}
	err := s.view(ctx, func(tx store.Tx) error {
		t := s.c.Tables
		for name, n := range map[string]func() (int32, error){
			"Users":     func() (int32, error) { return count(tx, s.scope, t.Users, nil) },
			"Groups":    func() (int32, error) { return count(tx, s.scope, t.Groups, nil) },
			"Roles":     func() (int32, error) { return count(tx, s.scope, t.Roles, nil) },
			"Providers": func() (int32, error) { return count(tx, s.scope, t.OIDCProviders, nil) },
			"Policies": func() (int32, error) {
				return count(tx, s.scope, t.Policies, func(p *identity.ManagedPolicy) { sum["PolicyVersionsInUse"] += int32(len(p.Versions)) })
			},
			"AccountAccessKeysPresent": func() (int32, error) {
				var root int32
				_, err := count(tx, s.scope, t.AccessKeys, func(k *identity.AccessKey) {
					if k.Root {
						root = 1
					}
				})
				return root, err
			},
		} {
			var err error
			if sum[name], err = n(); err != nil {
				return fmt.Errorf("count %s: %w", name, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.GetAccountSummaryResponse{SummaryMap: sum}, nil
}

func count[T any](tx store.Tx, scope store.Scope, t *store.Table[T], each func(*T)) (n int32, err error) {
	for v, err := range t.List(tx, scope, "", "") {
		if err != nil {
			return 0, err
		}
		if n++; each != nil {
			each(&v)
		}
	}
	return n, nil
}

// What users and roles never have here. Tools ask before they delete one.

// ListAccountAliases returns none.
func (s *Service) ListAccountAliases(context.Context, *api.ListAccountAliasesInput) (*api.ListAccountAliasesResponse, error) {
	return &api.ListAccountAliasesResponse{AccountAliases: []string{}, IsTruncated: new(false)}, nil
}

// ListInstanceProfiles returns none.
func (s *Service) ListInstanceProfiles(context.Context, *api.ListInstanceProfilesInput) (*api.ListInstanceProfilesResponse, error) {
	return &api.ListInstanceProfilesResponse{InstanceProfiles: []api.InstanceProfile{}, IsTruncated: new(false)}, nil
}

// ListInstanceProfilesForRole returns none, for a role that exists.
func (s *Service) ListInstanceProfilesForRole(ctx context.Context, in *api.ListInstanceProfilesForRoleInput) (*api.ListInstanceProfilesForRoleResponse, error) {
	if _, err := s.roles.read(ctx, in.RoleName); err != nil {
		return nil, err
	}
	return &api.ListInstanceProfilesForRoleResponse{InstanceProfiles: []api.InstanceProfile{}, IsTruncated: new(false)}, nil
}

// ListServerCertificates returns none.
func (s *Service) ListServerCertificates(context.Context, *api.ListServerCertificatesInput) (*api.ListServerCertificatesResponse, error) {
	return &api.ListServerCertificatesResponse{ServerCertificateMetadataList: []api.ServerCertificateMetadata{}, IsTruncated: new(false)}, nil
}

// ListSAMLProviders returns none.
func (s *Service) ListSAMLProviders(context.Context, *api.ListSAMLProvidersInput) (*api.ListSAMLProvidersResponse, error) {
	return &api.ListSAMLProvidersResponse{SAMLProviderList: []api.SAMLProviderListEntry{}}, nil
}

// ListVirtualMFADevices returns none.
func (s *Service) ListVirtualMFADevices(context.Context, *api.ListVirtualMFADevicesInput) (*api.ListVirtualMFADevicesResponse, error) {
	return &api.ListVirtualMFADevicesResponse{VirtualMFADevices: []api.VirtualMFADevice{}, IsTruncated: new(false)}, nil
}

// ListMFADevices returns none, for a user that exists.
func (s *Service) ListMFADevices(ctx context.Context, in *api.ListMFADevicesInput) (*api.ListMFADevicesResponse, error) {
	return &api.ListMFADevicesResponse{MFADevices: []api.MFADevice{}, IsTruncated: new(false)}, s.exists(ctx, in.UserName)
}

// ListSSHPublicKeys returns none, for a user that exists.
func (s *Service) ListSSHPublicKeys(ctx context.Context, in *api.ListSSHPublicKeysInput) (*api.ListSSHPublicKeysResponse, error) {
	return &api.ListSSHPublicKeysResponse{SSHPublicKeys: []api.SSHPublicKeyMetadata{}, IsTruncated: new(false)}, s.exists(ctx, in.UserName)
}

// ListSigningCertificates returns none, for a user that exists.
func (s *Service) ListSigningCertificates(ctx context.Context, in *api.ListSigningCertificatesInput) (*api.ListSigningCertificatesResponse, error) {
	return &api.ListSigningCertificatesResponse{Certificates: []api.SigningCertificate{}, IsTruncated: new(false)}, s.exists(ctx, in.UserName)
}

// ListServiceSpecificCredentials returns none, for a user that exists.
func (s *Service) ListServiceSpecificCredentials(ctx context.Context, in *api.ListServiceSpecificCredentialsInput) (*api.ListServiceSpecificCredentialsResponse, error) {
	out := &api.ListServiceSpecificCredentialsResponse{ServiceSpecificCredentials: []api.ServiceSpecificCredentialMetadata{}}
	if is(in.AllUsers) {
		return out, nil
	}
	return out, s.exists(ctx, in.UserName)
}

// GetLoginProfile refuses: users here have no password.
func (s *Service) GetLoginProfile(ctx context.Context, in *api.GetLoginProfileInput) (*api.GetLoginProfileResponse, error) {
	return nil, s.noLogin(ctx, in.UserName)
}

// DeleteLoginProfile refuses as for a user without one, which tools take for success.
func (s *Service) DeleteLoginProfile(ctx context.Context, in *api.DeleteLoginProfileInput) error {
	return s.noLogin(ctx, in.UserName)
}

func (s *Service) noLogin(ctx context.Context, given *string) error {
	name, err := userName(ctx, given)
	if err != nil {
		return err
	}
	if _, err := s.users.read(ctx, name); err != nil {
		return err
	}
	return noSuchEntity("Login Profile for User %s cannot be found.", name)
}

// GetAccountPasswordPolicy refuses: there are no passwords.
func (s *Service) GetAccountPasswordPolicy(context.Context, *api.GetAccountPasswordPolicyInput) (*api.GetAccountPasswordPolicyResponse, error) {
	return nil, noSuchEntity("The Password Policy with domain name %s cannot be found.", s.c.Home.Account)
}

// exists refuses a user that is not there; the account itself, without a name, is.
func (s *Service) exists(ctx context.Context, given *string) error {
	if c := identity.CallerFrom(ctx); given == nil && c != nil && c.Kind == identity.RootUser {
		return nil
	}
	name, err := userName(ctx, given)
	if err != nil {
		return err
	}
	_, err = s.users.read(ctx, name)
	return err
}

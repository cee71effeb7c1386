package lambda

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"gatehouse/internal/awsapi/lambda"
	"gatehouse/internal/function"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
	"gatehouse/internal/wire"
)

// maxPolicy is the size limit of a resource policy, in bytes.
const maxPolicy = 20480

// AddPermission adds a statement to the resource policy of a function, a version or an alias.
func (s *Service) AddPermission(ctx context.Context, in *lambda.AddPermissionInput) (*lambda.AddPermissionResponse, error) {
	t, err := s.parse(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if t.qualifier == string(function.Latest) {
		return nil, invalid("We currently do not support adding policies for $LATEST.")
	}
	st, err := statement(in)
	if err != nil {
		return nil, err
	}
	err = s.live(ctx, func(tx store.Tx) error {
		p, err := s.policy(tx, t)
		if err != nil {
			return err
		}
		if err := checkRevision(in.RevisionId, p.Revision, "GetPolicy"); err != nil {
			return err
		}
		if slices.ContainsFunc(p.Statements, func(o function.Statement) bool { return o.Sid == st.Sid }) {
			return conflict("The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", st.Sid)
		}
		p.Statements = append(p.Statements, st)
		p.Revision = revision()
		if n := len(p.Document(s.arn(t.name, t.qualifier))); n > maxPolicy {
			return wire.Errorf("PolicyLengthExceededException", "The final policy size (%d) is bigger than the limit (%d).", n, maxPolicy)
		}
		return s.Tables.FunctionPolicies.Put(tx, s.scope, p)
	})
	if err != nil {
		return nil, err
	}
	return &lambda.AddPermissionResponse{Statement: new(st.Document(s.arn(t.name, t.qualifier)))}, nil
}

// statement checks a permission. Conditions that are not evaluated yet are kept; such a permission admits
// nobody.
func statement(in *lambda.AddPermissionInput) (function.Statement, error) {
	st := function.Statement{Permission: function.Permission{
		Sid: in.StatementId, Principal: in.Principal, Action: in.Action,
		SourceARN: value(in.SourceArn), SourceAccount: value(in.SourceAccount),
	}}
	if !validPrincipal(in.Principal) {
		return st, invalid("The provided principal was invalid. Please check the principal and try again.")
	}
	if in.FunctionUrlAuthType != nil && in.Action != "lambda:InvokeFunctionUrl" {
		return st, invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
	}
	add := func(operator, key string, v *string) {
		if v != nil {
			st.Conditions = append(st.Conditions, function.Condition{Operator: operator, Key: key, Value: *v})
			st.Other = append(st.Other, key)
		}
	}
	add("StringEquals", "aws:PrincipalOrgID", in.PrincipalOrgID)
	add("StringEquals", "lambda:EventSourceToken", in.EventSourceToken)
	add("StringEquals", "lambda:FunctionUrlAuthType", in.FunctionUrlAuthType)
	if in.InvokedViaFunctionUrl != nil {
		word := "false"
		if *in.InvokedViaFunctionUrl {
			word = "true"
		}
		add("Bool", "lambda:InvokedViaFunctionUrl", &word)
	}
	return st, nil
}

var (
	servicePrincipal = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com|internal)$`)
	arnPrincipal     = regexp.MustCompile(`^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role|federated-user)/[!-~]+)$`)
)

// validPrincipal accepts a service, an account, an IAM ARN, an organisation-wide "*".
func validPrincipal(p string) bool {
	return p == "*" || function.IsAccount(p) || servicePrincipal.MatchString(p) || arnPrincipal.MatchString(p)
}

// policy reads the policy of a target, or an empty one. The function, the version or the alias must
// exist.
func (s *Service) policy(tx store.Tx, t target) (function.Policy, error) {
	if _, err := s.function(tx, t); err != nil {
		return function.Policy{}, err
	}
	if _, err := s.definition(tx, t); err != nil {
		return function.Policy{}, err
	}
	p, err := s.Tables.FunctionPolicies.Get(tx, s.scope, tables.InFunction(t.name, t.qualifier))
	if errors.Is(err, store.ErrNotFound) {
		return function.Policy{Function: t.name, Qualifier: t.qualifier}, nil
	}
	return p, err
}

// RemovePermission removes a statement by its id.
func (s *Service) RemovePermission(ctx context.Context, in *lambda.RemovePermissionInput) error {
	t, err := s.parse(in.FunctionName, in.Qualifier)
	if err != nil {
		return err
	}
	return s.live(ctx, func(tx store.Tx) error {
		p, err := s.policy(tx, t)
		if err != nil {
			if strings.HasPrefix(wire.CodeOf(err), "ResourceNotFound") {
				return notFound("No policy found for: %s", s.arn(t.name, t.qualifier))
			}
			return err
		}
		if len(p.Statements) == 0 {
			return notFound("No policy is associated with the given resource.")
		}
		at := slices.IndexFunc(p.Statements, func(o function.Statement) bool { return o.Sid == in.StatementId })
		if at < 0 {
			return notFound("Statement %s is not found in resource policy.", in.StatementId)
		}
		if err := checkRevision(in.RevisionId, p.Revision, "GetPolicy"); err != nil {
			return err
		}
		p.Statements = slices.Delete(p.Statements, at, at+1)
		p.Revision = revision()
		if len(p.Statements) == 0 {
			return s.Tables.FunctionPolicies.Delete(tx, s.scope, tables.InFunction(t.name, t.qualifier))
		}
		return s.Tables.FunctionPolicies.Put(tx, s.scope, p)
	})
}

// GetPolicy shows a resource policy as a document.
func (s *Service) GetPolicy(ctx context.Context, in *lambda.GetPolicyInput) (*lambda.GetPolicyResponse, error) {
	t, err := s.parse(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	var p function.Policy
	if err := s.view(ctx, func(tx store.Tx) error { p, err = s.policy(tx, t); return err }); err != nil {
		return nil, err
	}
	if len(p.Statements) == 0 {
		return nil, notFound("The resource you requested does not exist.")
	}
	return &lambda.GetPolicyResponse{Policy: new(p.Document(s.arn(t.name, t.qualifier))), RevisionId: new(p.Revision)}, nil
}

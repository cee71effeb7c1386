package test

import (
	"os/exec"
	"strings"
	"testing"
)

// people is the story of the seeds, told by boto3: users in a group call an API, roles are assumed, and whoever
// may not is refused in AWS's words.
const people = `
import json, os, sys, urllib.request, urllib.error, boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"

def client(name, c=None):
    return boto3.client(name) if c is None else boto3.client(name, aws_access_key_id=c["AccessKeyId"],
        aws_secret_access_key=c["SecretAccessKey"], aws_session_token=c.get("SessionToken"))

def call(c, path="/dev/stores"):
    r = AWSRequest("GET", sys.argv[1] + path)
    SigV4Auth(Credentials(c["AccessKeyId"], c["SecretAccessKey"], c.get("SessionToken")), "execute-api", "us-east-1").add_auth(r)
    p = r.prepare()
    try:
        with urllib.request.urlopen(urllib.request.Request(p.url, headers=dict(p.headers))) as a:
            return a.status, json.load(a)
    except urllib.error.HTTPError as e:
        return e.code, json.load(e)

def refused(code, text, fn, *args, **kw):
    try:
        got = fn(*args, **kw)
    except ClientError as e:
        got = e.response["Error"]["Code"] + ": " + e.response["Error"]["Message"]
        if got == code + ": " + text:
            return e.response
    raise SystemExit("got %s, want %s: %s" % (got, code, text))

def equal(got, want):
    if got != want:
        raise SystemExit("got %r, want %r" % (got, want))

def document(effect, action, resource="*", **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [dict(Effect=effect, Action=action, Resource=resource, **more)]})

def trust(principal, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [dict(Effect="Allow", Principal={"AWS": principal}, Action=["sts:AssumeRole", "sts:TagSession"], **more)]})

iam = client("iam")
ada = iam.create_user(UserName="ada", Path="/team/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
equal(ada["Arn"], "arn:aws:iam::%s:user/team/ada" % ACCOUNT)
key = iam.create_access_key(UserName="ada")["AccessKey"]

# Nobody may anything at first.
status, body = call(key)
equal(status, 403)
assert body["Message"].startswith("User: %s is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********9012:" % ada["Arn"]), body
assert body["Message"].endswith("/dev/GET/stores because no identity-based policy allows the execute-api:Invoke action"), body
refused("AccessDenied", "User: %s is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::%s:user/ because no identity-based policy allows the iam:ListUsers action" % (ada["Arn"], ACCOUNT),
    client("iam", key).list_users)
refused("AccessDeniedException", "User: %s is not authorized to perform: apigateway:GET on resource: arn:aws:apigateway:us-east-1::/restapis because no identity-based policy allows the apigateway:GET action" % ada["Arn"],
    client("apigateway", key).get_rest_apis)
equal(client("sts", key).get_caller_identity()["UserId"], ada["UserId"])

# A group with the policy of the second seed.
iam.create_group(GroupName="developers")
iam.attach_group_policy(GroupName="developers", PolicyArn="arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess")
iam.add_user_to_group(GroupName="developers", UserName="ada")
equal(call(key)[0], 200)
equal(iam.get_group(GroupName="developers")["Users"][0]["UserName"], "ada")
iam.put_group_policy(GroupName="developers", PolicyName="not-today", PolicyDocument=document("Deny", "execute-api:*"))
status, body = call(key)
assert status == 403 and body["Message"].endswith("with an explicit deny in an identity-based policy"), body
iam.delete_group_policy(GroupName="developers", PolicyName="not-today")
equal(call(key)[0], 200)

# A boundary, a switch, a limit.
bound = iam.create_policy(PolicyName="bound", PolicyDocument=document("Allow", "s3:*"))["Policy"]["Arn"]
iam.put_user_permissions_boundary(UserName="ada", PermissionsBoundary=bound)
status, body = call(key)
assert body["Message"].endswith("because no permissions boundary allows the execute-api:Invoke action"), body
refused("DeleteConflict", "Cannot delete a policy attached to entities.", iam.delete_policy, PolicyArn=bound)
iam.create_policy_version(PolicyArn=bound, PolicyDocument=document("Allow", ["execute-api:*", "iam:*", "sts:*"]), SetAsDefault=True)
equal(call(key)[0], 200)
iam.update_access_key(UserName="ada", AccessKeyId=key["AccessKeyId"], Status="Inactive")
equal(call(key), (403, {"message": "The security token included in the request is invalid."}))
iam.update_access_key(UserName="ada", AccessKeyId=key["AccessKeyId"], Status="Active")
equal(call(key)[0], 200)
iam.create_access_key(UserName="ada")
refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", iam.create_access_key, UserName="ada")

# A person who looks after its own keys.
iam.put_user_policy(UserName="ada", PolicyName="own-keys", PolicyDocument=document("Allow", "iam:*AccessKey*", "arn:aws:iam::*:user/team/${aws:username}"))
mine = client("iam", key)
equal(len(mine.list_access_keys()["AccessKeyMetadata"]), 2)
for k in mine.list_access_keys()["AccessKeyMetadata"]:
    if k["AccessKeyId"] != key["AccessKeyId"]:
        mine.delete_access_key(AccessKeyId=k["AccessKeyId"])
iam.create_user(UserName="eve")
refused("AccessDenied", "User: %s is not authorized to perform: iam:CreateAccessKey on resource: arn:aws:iam::%s:user/eve because no identity-based policy allows the iam:CreateAccessKey action" % (ada["Arn"], ACCOUNT),
    mine.create_access_key, UserName="eve")

# Delegation: whoever makes users only within a boundary, and manages no others.
iam.put_user_policy(UserName="ada", PolicyName="delegated", PolicyDocument=document("Allow", ["iam:CreateUser", "iam:PutUserPolicy", "iam:DeleteUser*"], Condition={"StringEquals": {"iam:PermissionsBoundary": bound}}))
refused("AccessDenied", "User: %s is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::%s:user/bob because no identity-based policy allows the iam:CreateUser action" % (ada["Arn"], ACCOUNT),
    mine.create_user, UserName="bob")
mine.create_user(UserName="bob", PermissionsBoundary=bound)
mine.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document("Allow", "*"))
refused("AccessDenied", "User: %s is not authorized to perform: iam:PutUserPolicy on resource: arn:aws:iam::%s:user/eve because no identity-based policy allows the iam:PutUserPolicy action" % (ada["Arn"], ACCOUNT),
    mine.put_user_policy, UserName="eve", PolicyName="p", PolicyDocument=document("Allow", "*"))
mine.delete_user_policy(UserName="bob", PolicyName="p")
mine.delete_user(UserName="bob")
iam.delete_user_policy(UserName="ada", PolicyName="delegated")

# A role: trusted, tagged, limited, chained to nothing.
role = iam.create_role(RoleName="invoker", AssumeRolePolicyDocument=trust(ada["Arn"], Condition={"StringEquals": {"sts:ExternalId": "x1"}}))["Role"]
equal(role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"], ada["Arn"])
iam.put_role_policy(RoleName="invoker", PolicyName="invoke", PolicyDocument=document("Allow", "execute-api:Invoke", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}))
sts = client("sts", key)
no = "User: %s is not authorized to perform: sts:AssumeRole on resource: " % ada["Arn"]
refused("AccessDenied", no + role["Arn"], sts.assume_role, RoleArn=role["Arn"], RoleSessionName="story")
refused("AccessDenied", no + role["Arn"] + "s", sts.assume_role, RoleArn=role["Arn"] + "s", RoleSessionName="story")
refused("AccessDenied", "Roles may not be assumed by root accounts.", client("sts").assume_role, RoleArn=role["Arn"], RoleSessionName="story", ExternalId="x1")
untagged = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="story", ExternalId="x1")["Credentials"]
status, body = call(untagged)
assert body["Message"].startswith("User: arn:aws:sts::%s:assumed-role/invoker/story is not" % ACCOUNT), body
session = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="story", ExternalId="x1", Tags=[{"Key": "team", "Value": "blue"}])
equal(session["AssumedRoleUser"], {"AssumedRoleId": role["RoleId"] + ":story", "Arn": "arn:aws:sts::%s:assumed-role/invoker/story" % ACCOUNT})
equal(call(session["Credentials"])[0], 200)
without = dict(session["Credentials"]); del without["SessionToken"]
equal(call(without)[0], 403)
limited = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="story", ExternalId="x1", Tags=[{"Key": "team", "Value": "blue"}], Policy=document("Allow", "s3:*"))["Credentials"]
status, body = call(limited)
assert body["Message"].endswith("because no session policy allows the execute-api:Invoke action"), body
own = sts.get_session_token()["Credentials"]
equal(call(own)[0], 200)
refused("InvalidClientTokenId", "The security token included in the request is invalid", client("iam", own).list_access_keys)

# The simulators agree with what happened.
def simulated(source, **more):
    return [r["EvalDecision"] for r in iam.simulate_principal_policy(PolicySourceArn=source, ActionNames=["execute-api:Invoke"], ResourceArns=["arn:aws:execute-api:us-east-1:%s:a/dev/GET/stores" % ACCOUNT], **more)["EvaluationResults"]]
equal(simulated(ada["Arn"]), ["allowed"])
equal(simulated(role["Arn"]), ["implicitDeny"])
equal(simulated(role["Arn"], ContextEntries=[{"ContextKeyName": "aws:PrincipalTag/team", "ContextKeyType": "string", "ContextKeyValues": ["blue"]}]), ["allowed"])
refused("MalformedPolicyDocument", "Syntax errors in policy.", iam.put_user_policy, UserName="eve", PolicyName="p", PolicyDocument='{"Version":"2012-10-17","Statement":[{"effect":"Allow"}]}')

# What is gone is gone.
refused("DeleteConflict", "Cannot delete entity, must delete policies first.", iam.delete_user, UserName="ada")
refused("DeleteConflict", "Cannot delete entity, must delete policies first.", iam.delete_role, RoleName="invoker")
iam.delete_role_policy(RoleName="invoker", PolicyName="invoke")
iam.delete_role(RoleName="invoker")
iam.create_role(RoleName="invoker", AssumeRolePolicyDocument=trust(ada["Arn"]))
iam.attach_role_policy(RoleName="invoker", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
equal(call(session["Credentials"])[0], 403)
equal(iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["UserName"], "ada")
pages = [u["UserName"] for p in iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 1}) for u in p["Users"]]
equal(pages, ["ada", "eve"])
print("done")
`

func TestPeople(t *testing.T) {
	if exec.Command("python3", "-c", "import boto3").Run() != nil {
		t.Skip("boto3 is not on this machine")
	}
	r := dev(t, "../examples/iam", "--ephemeral", "--no-watch", "--log-format", "off")
	cmd := exec.CommandContext(t.Context(), "python3", "-", r.URL)
	cmd.Stdin, cmd.Env = strings.NewReader(people), r.env()
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "done" {
		t.Errorf("%v\n%s\nserver: %s", err, out, r.stderr)
	}
}

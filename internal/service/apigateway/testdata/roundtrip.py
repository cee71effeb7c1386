"""Drives the service with boto3 and fails loudly when an answer is not what the SDK's model says."""
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

c = boto3.client(
    "apigateway", endpoint_url=sys.argv[1], region_name="us-east-1",
    aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="secret", config=Config(retries={"max_attempts": 0}),
)


def refused(code, message, call, **kw):
    try:
        call(**kw)
    except ClientError as e:
        got = e.response["Error"]
        assert (got["Code"], got["Message"]) == (code, message), got
    else:
        raise AssertionError(f"not refused: {code} {message}")


api = c.create_rest_api(name="stores", binaryMediaTypes=["image/png"])
root = api["rootResourceId"]
assert api["createdDate"].year == 2026, api
res = c.create_resource(restApiId=api["id"], parentId=root, pathPart="{proxy+}")
c.put_method(restApiId=api["id"], resourceId=res["id"], httpMethod="ANY", authorizationType="NONE", apiKeyRequired=True,
             requestParameters={"method.request.path.proxy": True})
refused("BadRequestException", "No integration defined for method", c.create_deployment, restApiId=api["id"], stageName="dev")
c.put_integration(restApiId=api["id"], resourceId=res["id"], httpMethod="ANY", type="HTTP_PROXY", integrationHttpMethod="ANY", uri="http://example.com/{proxy}",
                  timeoutInMillis=1000)
dep = c.create_deployment(restApiId=api["id"], stageName="dev", variables={"a": "b"})
stage = c.update_stage(restApiId=api["id"], stageName="dev", patchOperations=[{"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "2.5"}])
assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 2.5 and stage["deploymentId"] == dep["id"], stage

key = c.create_api_key(name="k", enabled=True)
assert len(key["value"]) == 40 and "value" not in c.get_api_key(apiKey=key["id"]), key
plan = c.create_usage_plan(name="p", apiStages=[{"apiId": api["id"], "stage": "dev", "throttle": {"/{proxy+}/GET": {"rateLimit": 1.5, "burstLimit": 2}}}],
                           quota={"limit": 5000, "offset": 2, "period": "MONTH"})
assert plan["apiStages"][0]["throttle"]["/{proxy+}/GET"]["burstLimit"] == 2, plan
c.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
usage = c.get_usage(usagePlanId=plan["id"], startDate="2026-03-01", endDate="2026-03-03")
assert usage["items"] == {key["id"]: [[0, 5000]] * 3}, usage
assert [p["id"] for p in c.get_usage_plans(keyId=key["id"])["items"]] == [plan["id"]]
ids = c.import_api_keys(format="csv", body=b"Name,Key\nimported,a-value-of-more-than-20-characters\n")["ids"]
names = [k["name"] for page in c.get_paginator("get_api_keys").paginate(includeValues=True, PaginationConfig={"PageSize": 1}) for k in page["items"]]
assert names == ["imported", "k"], names
c.tag_resource(resourceArn=f"arn:aws:apigateway:us-east-1::/restapis/{api['id']}", tags={"a b": "c/d"})
assert c.get_tags(resourceArn=f"arn:aws:apigateway:us-east-1::/restapis/{api['id']}")["tags"] == {"a b": "c/d"}
refused("BadRequestException", f"Cannot delete Usage Plan {plan['id']} because there are API Stages associated with it, including {api['id']}:dev",
        c.delete_usage_plan, usagePlanId=plan["id"])
refused("NotFoundException", "Invalid API identifier specified 123456789012:nope", c.get_rest_api, restApiId="nope")
c.delete_rest_api(restApiId=api["id"])
assert c.get_rest_apis()["items"] == []

"""Writes botocore.json: requests signed by botocore, as an oracle that shares no code with this package.

    python3 make.py > botocore.json        (made with botocore 1.43.11)
"""
import datetime
import json

from botocore import auth, awsrequest, credentials

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
KEY, SECRET, TOKEN = "AKIAEXAMPLE000000000", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjE+/=x"
PATHS = [
    "/", "/prod/pets", "/prod/pets/", "/a%20b", "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fx",
    "/%24default/x", "/a//b", "/a/./b/../c", "/..", "/p/$default/(x)!*'+,;=:@&~", "/%e4%bd%a0", "/.well-known/x",
]
QUERIES = ["", "b=2&a=1", "a=2&a=1&a", "x=%20%2B%2F", "empty=&novalue", "A=1&a=1&a%20=1", "k=a%3Db"]


def clock():
    """Holds the signer's clock still."""
    class Fixed(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return NOW

        @classmethod
        def utcnow(cls):
            return NOW.replace(tzinfo=None)
    auth.get_current_datetime = lambda *a, **k: NOW.replace(tzinfo=None)


def case(name, method, path, query, body, presign, token, headers=None):
    c = credentials.Credentials(KEY, SECRET, TOKEN if token else None)
    url = "http://api.example.com:3000" + path + ("?" + query if query else "")
    r = awsrequest.AWSRequest(method=method, url=url, data=body, headers=headers or {})
    if presign:
        auth.SigV4QueryAuth(c, "execute-api", "eu-west-1", expires=900).add_auth(r)
    else:
        auth.SigV4Auth(c, "execute-api", "eu-west-1").add_auth(r)
    target = r.url[len("http://api.example.com:3000"):]
    raw_path, _, raw_query = target.partition("?")
    return {
        "name": name, "method": method, "path": raw_path, "query": raw_query, "host": "api.example.com:3000",
        "headers": [[k, v] for k, v in r.headers.items()], "body": r.data or "",
    }


clock()
cases = []
for p in PATHS:
    cases.append(case("path " + p, "GET", p, "", "", False, False))
for q in QUERIES:
    cases.append(case("query " + q, "GET", "/prod", q, "", False, False))
    cases.append(case("presigned " + q, "GET", "/prod", q, "", True, bool(q)))
cases.append(case("body", "POST", "/prod", "", '{"a":1}', False, True))
cases.append(case("presigned body", "POST", "/prod", "", '{"a":1}', True, False))
cases.append(case("headers", "PUT", "/prod", "", "x", False, True, {
    "X-Amz-Target": "A.B", "Content-Type": "application/json", "X-Spaces": "  a   b  ", "User-Agent": "x"}))
print(json.dumps({"key": KEY, "secret": SECRET, "region": "eu-west-1", "service": "execute-api",
                  "time": "2026-01-02T03:04:05Z", "cases": cases}, indent=1))

package test

import (
	"os/exec"
	"strings"
	"testing"
)

// signers calls paths with awkward characters, signed by botocore in the header and in the query, and expects
// the status that stands before each.
const signers = `
import os, sys, urllib.request, urllib.error
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
c = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
for line in sys.stdin.read().split("\n"):
    if not line: continue
    want, path = line.split(" ", 1)
    for auth in (SigV4Auth, SigV4QueryAuth):
        r = AWSRequest("GET", sys.argv[1] + path)
        auth(c, "execute-api", "us-east-1").add_auth(r)
        p = r.prepare()
        try:
            status, body = urllib.request.urlopen(urllib.request.Request(p.url, headers=dict(p.headers))).status, b""
        except urllib.error.HTTPError as e:
            status, body = e.code, e.read()
        if str(status) != want:
            print(auth.__name__, path, status, body[:300])
`

const signedPaths = `200 /dev/stores
200 /dev/stores/
200 /dev/stores?a=1&b=2
200 /dev/stores?b=%20x&a=%2F&a=
200 /dev/stores?x=a%2Bb
200 /dev/st%6fres
404 /dev/no/p%20th
404 /dev/no/@:*=$,+()!'
404 /dev/no/%E4%BD%A0
404 /dev/no/a%2Fb
`

// TestSignedClients: signatures that real signers make are accepted, and unsigned calls are not.
func TestSignedClients(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not on this machine")
	}
	r := dev(t, "../examples/iam", "--ephemeral", "--no-watch", "--log-format", "off")
	if status, body, _ := get(t, r.URL+"/dev/stores"); status != 403 || body != `{"message":"Missing Authentication Token"}` {
		t.Errorf("unsigned: %d %s", status, body)
	}
	// The index signs with the temporary credentials of its function's role.
	if status, body, _ := get(t, r.URL+"/dev/"); status != 200 || !strings.Contains(body, `"caller":"arn:aws:sts::123456789012:assumed-role/iam-service-dev-us-east-1-lambdaRole/iam-service-dev-get-index"`) {
		t.Errorf("a function with its role's credentials: %d %s", status, body)
	}
	t.Run("botocore", func(t *testing.T) {
		if exec.Command("python3", "-c", "import botocore").Run() != nil {
			t.Skip("botocore is not on this machine")
		}
		cmd := exec.Command("python3", "-c", signers, r.URL)
		cmd.Env, cmd.Stdin = r.env(), strings.NewReader(signedPaths)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("curl", func(t *testing.T) {
		help, err := exec.Command("curl", "--help", "all").Output()
		if err != nil || !strings.Contains(string(help), "--aws-sigv4") {
			t.Skip("curl here does not sign")
		}
		for key, want := range map[string]string{r.SecretAccessKey: "arn:aws:iam::123456789012:root", "wrong": "does not match the signature you provided"} {
			out, err := exec.Command("curl", "-s", "--aws-sigv4", "aws:amz:us-east-1:execute-api", "--user", r.AccessKeyID+":"+key, r.URL+"/dev/stores").Output()
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("%v: %s lacks %q", err, out, want)
			}
		}
	})
}

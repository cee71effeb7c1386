#!/usr/bin/env bash
# Runs every check of the project; does its own set-up. Needs Go, Node and Python 3. What else a test wants
# (the AWS command line) is taken from the machine, or installed as a Debian package where that is possible.
set -euo pipefail
cd "$(dirname "$0")"
export GOFLAGS="${GOFLAGS:-} -mod=readonly" CGO_ENABLED=1

step() { printf '\n== %s\n' "$1"; }

step "set-up"
# Debian packages that tests use when they are there: the AWS command line, and ip for private networks.
missing=()
command -v aws >/dev/null 2>&1 || missing+=(awscli python3-boto3)
command -v ip >/dev/null 2>&1 || missing+=(iproute2)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    (apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}") >/dev/null 2>&1 ||
      echo "could not install ${missing[*]}; tests that want them say so and are skipped"
  else
    echo "not here: ${missing[*]}; tests that want them say so and are skipped"
  fi
fi
go version
go mod verify >/dev/null

step "format"
unformatted=$(git ls-files '*.go' | xargs gofmt -l)
[ -z "$unformatted" ] || { echo "gofmt would change:"; echo "$unformatted"; exit 1; }

step "vet"
go vet ./...

step "staticcheck"
go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

step "tests"
go test -race -timeout 10m ./...

step "done"

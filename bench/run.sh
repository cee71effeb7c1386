#!/usr/bin/env bash
# Measures Gatehouse beside other gateways; make bench calls it. Linux, Go and Node; as root on Debian it also
# installs what is missing (wrk, nginx, HAProxy). What cannot be had is skipped and named in the report.
#
#   BENCH_SECONDS=5   seconds of load for each row and round
#   BENCH_ROUNDS=3    rounds; medians are printed
#   BENCH_ONLY=       measure only these, e.g. Gatehouse,nginx
#   BENCH_RECORD=     1 writes the figures into docs/benchmarks.md
#   BENCH_CACHE=      where binaries and modules are kept between runs
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatehouse-bench}"
mkdir -p "$cache/offline"

say() { printf 'bench: %s\n' "$*" >&2; }

# The log of a step that failed, which leaves the peer out and does not end the run.
try() {
  local what="$1" log="$cache/$1.log"
  shift
  "$@" >"$log" 2>&1 || say "$what cannot be had: $(tail -n 1 "$log")"
}

wants() { case ",${BENCH_ONLY:-$1}," in *",$1,"*) true ;; *) false ;; esac; }

debian() {
  local missing=()
  for p in wrk nginx haproxy; do
    command -v "$p" >/dev/null 2>&1 || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || { echo "not here: ${missing[*]}"; return 1; }
  # A package must not start its system service: the benchmark starts its own, on loopback.
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' RETURN
  fi
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

offline() {
  cp bench/offline/{package.json,package-lock.json,.npmrc,serverless.yml} bench/definition/hello.js "$cache/offline/"
  cmp -s bench/offline/package-lock.json "$cache/offline/node_modules/.installed" ||
    { (cd "$cache/offline" && npm ci) && cp bench/offline/package-lock.json "$cache/offline/node_modules/.installed"; }
}

try debian-packages debian
if wants Gatehouse; then
  rm -f "$cache/gatehouse"
  CGO_ENABLED=0 try gatehouse go build -trimpath -o "$cache/gatehouse" ./cmd/gatehouse
fi
if wants Caddy; then
  CGO_ENABLED=0 try caddy go build -C bench/caddy -trimpath -mod=readonly -o "$cache/caddy" github.com/caddyserver/caddy/v2/cmd/caddy
fi
if wants serverless-offline; then try serverless-offline offline; fi
go build -o "$cache/bench" ./bench/cmd/bench

"$cache/bench" -dir bench -cache "$cache" -seconds "${BENCH_SECONDS:-5}" -rounds "${BENCH_ROUNDS:-3}" \
  -only "${BENCH_ONLY:-}" ${BENCH_RECORD:+-record docs/benchmarks.md}

# make test does its own set-up and runs everything; make bench measures. See README.md.
.PHONY: build test bench generate clean

build:
	CGO_ENABLED=0 go build -trimpath -o bin/gatehouse ./cmd/gatehouse

test:
	./test.sh

bench:
	./bench/run.sh

generate:
	go generate ./...

clean:
	rm -rf bin dist

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

// answerSize is the size of the body that the backend sends to every request.
const answerSize = 1024

var answer = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s",
	answerSize, strings.Repeat("x", answerSize))

// serveBackend answers GET requests on an address until the process ends. It is deliberately less than an
// HTTP server, so that the cores are left to what is measured: it reads a head, sends the answer, keeps the
// connection, and hangs up on anything that has a body.
func serveBackend(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go answerAll(c)
	}
}

func answerAll(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		if err := readHead(in); err != nil {
			return
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

var errBody = errors.New("a request with a body")

// readHead reads up to the empty line that ends a request without a body.
func readHead(in *bufio.Reader) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			return errBody
		case bytes.EqualFold(name, []byte("content-length")) && string(bytes.TrimSpace(value)) != "0":
			return errBody
		}
	}
}

// backend is the backend's process, this program called with other arguments.
type backend struct {
	*process
	address string
}

func startBackend(ctx context.Context, work string) (*backend, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "backend", address)
	cmd.Dir = work
	p, began, err := launch(cmd, work+"/backend.log")
	if err != nil {
		return nil, err
	}
	up, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := p.await(up, row{url: "http://" + address + "/answer", size: answerSize}, began); err != nil {
		p.stop()
		return nil, fmt.Errorf("backend: %w", err)
	}
	return &backend{p, address}, nil
}

// freeAddress returns a loopback address that nobody listens on at this moment.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

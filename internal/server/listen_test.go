package server

import (
	"net"
	"testing"
)

func TestURLOf(t *testing.T) {
	for listens, want := range map[string]string{
		"127.0.0.1:3000": "http://127.0.0.1:3000",
		"0.0.0.0:3000":   "http://127.0.0.1:3000",
		"[::]:3000":      "http://127.0.0.1:3000",
		"[::1]:3000":     "http://[::1]:3000",
		"192.0.2.1:80":   "http://192.0.2.1:80",
	} {
		at, err := net.ResolveTCPAddr("tcp", listens)
		if err != nil {
			t.Fatal(err)
		}
		if got := urlOf(at); got != want {
			t.Errorf("urlOf(%s) = %s, want %s", listens, got, want)
		}
	}
}

package ops

import (
	"encoding/json"
	"net/http"
	"net/netip"
)

// Question is what a simulation asks: would this call be let through?
type Question struct {
	Method string `json:"method"`
	// Path is the path on the data port, /{stage}/…, with its query.
	Path string `json:"path"`
	// Host names the API when several have the stage.
	Host string `json:"host,omitempty"`
	// AccessKeyID is who is taken to have signed the call; "" is nobody.
	AccessKeyID string `json:"accessKeyId,omitempty"`
	APIKey      string `json:"apiKey,omitempty"`
	// SourceIP is the caller's address, 127.0.0.1 unless it is given.
	SourceIP string `json:"sourceIp,omitempty"`
	// VPCEndpoint and VPC are what the call came through.
	VPCEndpoint string            `json:"vpcEndpoint,omitempty"`
	VPC         string            `json:"vpc,omitempty"`
	Header      map[string]string `json:"header,omitempty"`
}

func (c *Config) simulate(w http.ResponseWriter, r *http.Request) {
	var q Question
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		fail(w, http.StatusBadRequest, "want a question such as {\"method\":\"GET\",\"path\":\"/dev/stores\"}: "+err.Error())
		return
	}
	if q.SourceIP == "" {
		q.SourceIP = "127.0.0.1"
	}
	if _, err := netip.ParseAddr(q.SourceIP); err != nil || q.Method == "" || len(q.Path) == 0 || q.Path[0] != '/' {
		fail(w, http.StatusBadRequest, "want a method, a path that begins with a slash, and an IP address for sourceIp")
		return
	}
	rec, err := c.Simulate(r.Context(), q)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	answer(w, http.StatusOK, rec)
}

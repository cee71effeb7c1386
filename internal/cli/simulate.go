package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"gatehouse/internal/ops"
	"gatehouse/internal/telemetry"
)

type simulateCmd struct {
	Method string `arg:"" help:"Method of the call, GET for instance."`
	Target string `arg:"" name:"path" help:"Path of the call on the data port: /dev/stores."`

	As          string `help:"Access key id of who is taken to have signed the call." placeholder:"ACCESS-KEY-ID"`
	APIKey      string `name:"api-key" help:"API key of the call." placeholder:"VALUE"`
	SourceIP    string `name:"source-ip" help:"Address of the caller." placeholder:"IP"`
	VPCEndpoint string `name:"vpce" help:"VPC endpoint that the call comes through." placeholder:"ID"`
	VPC         string `name:"vpc" help:"VPC of that endpoint." placeholder:"ID"`
	API         string `name:"api-host" help:"Host that names the API, when several have the stage." placeholder:"HOST"`
	ControlPort int    `help:"Port of the AWS API." default:"4566"`
	Host        string `help:"Address of the server." default:"127.0.0.1"`
	JSON        bool   `help:"Print JSON."`
}

// Run asks a running server whether a call would be let through. The exit code is 1 when it would not.
func (c *simulateCmd) Run(ctx context.Context, s *Streams) error {
	text, err := json.Marshal(ops.Question{
		Method: c.Method, Path: c.Target, Host: c.API, AccessKeyID: c.As, APIKey: c.APIKey, SourceIP: c.SourceIP,
		VPCEndpoint: c.VPCEndpoint, VPC: c.VPC,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	at := fmt.Sprintf("http://%s:%d/_gatehouse/simulate", c.Host, c.ControlPort)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(text))
	if err != nil {
		return exit(ExitUsage, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return exit(ExitUsage, fmt.Errorf("no server answers on %s: start gatehouse dev, or name its --control-port", at))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return exit(ExitUsage, err)
	}
	if resp.StatusCode != http.StatusOK {
		var fault struct{ Error string }
		if json.Unmarshal(body, &fault) != nil || fault.Error == "" {
			fault.Error = resp.Status
		}
		return exit(ExitUsage, errors.New(fault.Error))
	}
	var rec telemetry.Record
	if err := json.Unmarshal(body, &rec); err != nil {
		return exit(ExitUsage, err)
	}
	if c.JSON {
		err = printJSON(s.Out, rec)
	} else {
		printRecord(s, &rec)
	}
	if err == nil && rec.Outcome != "allow" {
		return exit(ExitFindings, errSilent)
	}
	return err
}

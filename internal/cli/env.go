package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/config"
	"gatehouse/internal/identity"
	"gatehouse/internal/project"
	"gatehouse/internal/seal"
	"gatehouse/internal/server"
)

type envCmd struct {
	Path        string `arg:"" optional:"" help:"The definition that is served, or its directory. Without it the server that answers on the control port is asked."`
	ControlPort int    `help:"Port of the AWS API." default:"4566"`
	Host        string `help:"Address of the server." default:"127.0.0.1"`
	StateDir    string `help:"Directory of the state." placeholder:"DIR"`
}

// Run prints export lines. AWS tools are told 127.0.0.1, never localhost: some SDKs put a bucket's name in
// front of a host name.
func (c *envCmd) Run(ctx context.Context, s *Streams) error {
	cfg := config.Default()
	cfg.RootKey.ID = identity.AccessKeyID(s.Getenv("GATEHOUSE_ROOT_ACCESS_KEY_ID"))
	cfg.RootKey.Secret = seal.Hide(s.Getenv("GATEHOUSE_ROOT_SECRET_ACCESS_KEY"))
	running := c.ask(ctx)
	if running.Region != "" {
		cfg.Home.Region = identity.Region(running.Region)
	}
	if cfg.RootKey.ID == "" {
		dir, err := c.stateDir(s, running)
		if err != nil && running.AccessKeyID == "" {
			return exit(ExitUsage, err)
		}
		cfg.StateDir = dir
	}
	id, secret, err := c.rootKey(cfg, running)
	if err != nil {
		return exit(ExitUsage, err)
	}
	for _, l := range [][2]string{
		{"AWS_ENDPOINT_URL", "http://" + c.address()},
		{"AWS_ACCESS_KEY_ID", string(id)},
		{"AWS_SECRET_ACCESS_KEY", secret.Reveal()},
		{"AWS_REGION", string(cfg.Home.Region)},
		{"AWS_DEFAULT_REGION", string(cfg.Home.Region)},
	} {
		fmt.Fprintf(s.Out, "export %s=%s\n", l[0], quote(l[1]))
	}
	// A session token of another account would be sent along and refused.
	fmt.Fprintln(s.Out, "unset AWS_SESSION_TOKEN")
	return nil
}

func (c *envCmd) address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.ControlPort)) }

// rootKey reads the root access key. With no server to be asked it is made if there is none yet: the next
// start takes it. One that the running server does not know would only be refused later, call by call.
func (c *envCmd) rootKey(cfg config.Config, running status) (identity.AccessKeyID, seal.Secret, error) {
	if running.AccessKeyID == "" {
		return server.RootKeyOf(cfg)
	}
	id, secret, err := server.ReadRootKey(cfg)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", seal.Secret{}, err
	}
	if id != running.AccessKeyID {
		return "", seal.Secret{}, fmt.Errorf("the server on %s has the root access key %s, which is not known here: "+
			"if it is --ephemeral, use the export line that it printed; if it was started with GATEHOUSE_ROOT_ACCESS_KEY_ID and "+
			"GATEHOUSE_ROOT_SECRET_ACCESS_KEY, set both here; if it serves another definition, name that one or another --control-port",
			c.address(), running.AccessKeyID)
	}
	return id, secret, nil
}

// stateDir finds where the root access key lies: where the flags say, beside the definition, or where the
// running server says.
func (c *envCmd) stateDir(s *Streams, running status) (string, error) {
	if c.StateDir != "" {
		return c.StateDir, nil
	}
	if c.Path != "" {
		file, err := project.Find(s.Dir, c.Path)
		if err != nil {
			return "", err
		}
		return stateDir(file), nil
	}
	if running.StateDir != "" {
		return running.StateDir, nil
	}
	if file, err := project.Find(s.Dir, ""); err == nil {
		return stateDir(file), nil
	}
	here := filepath.Join(s.Dir, ".gatehouse")
	if _, err := os.Stat(here); err == nil {
		return here, nil
	}
	return "", errors.New("no server answers on the control port and no definition is here: start gatehouse dev, name the definition, or set GATEHOUSE_ROOT_ACCESS_KEY_ID")
}

type status struct {
	StateDir    string               `json:"stateDir"`
	Region      string               `json:"region"`
	AccessKeyID identity.AccessKeyID `json:"accessKeyId"`
}

// ask asks the server on the control port where its state is; a zero status means that none answers.
func (c *envCmd) ask(ctx context.Context) status {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.address()+"/_gatehouse/health", nil)
	if err != nil {
		return status{}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return status{}
	}
	defer resp.Body.Close()
	var health struct {
		Details status `json:"details"`
	}
	if resp.StatusCode != http.StatusOK || json.NewDecoder(resp.Body).Decode(&health) != nil {
		return status{}
	}
	return health.Details
}

// quoteIfNeeded leaves plain words as they are.
func quoteIfNeeded(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@:") == "" {
		return s
	}
	return quote(s)
}

// quote makes a shell word.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// Package server builds the house: it opens the store, makes every service, engine and door, and runs them.
//
// It owns wiring and order of start and stop, nothing else. A Server is a value: tests start the very same
// one on port 0.
package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/apigw"
	"gatehouse/internal/cloudformation"
	"gatehouse/internal/config"
	"gatehouse/internal/counter"
	"gatehouse/internal/directory"
	"gatehouse/internal/function"
	"gatehouse/internal/gateway"
	"gatehouse/internal/gateway/check"
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/gateway/integration"
	"gatehouse/internal/identity"
	"gatehouse/internal/lambdahost"
	"gatehouse/internal/publish"
	"gatehouse/internal/seal"
	"gatehouse/internal/service/apigateway"
	"gatehouse/internal/service/ec2"
	"gatehouse/internal/service/iam"
	"gatehouse/internal/service/lambda"
	"gatehouse/internal/service/sts"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/snapshot"
	"gatehouse/internal/store"
	"gatehouse/internal/store/sqlite"
	"gatehouse/internal/tables"
	"gatehouse/internal/telemetry"
	"gatehouse/internal/upstream"
)

// lastCalls is how many calls /_gatehouse/requests remembers.
const lastCalls = 1000

// signingKeys is how many derived signing keys are kept: one for each caller and day.
const signingKeys = 4096

// Options are what a program adds to the configuration.
type Options struct {
	Version string
	Logger  *slog.Logger
	// FunctionLog receives what functions print; nil discards it.
	FunctionLog func(lambdahost.LogLine)
	// Called is told of each call; nil tells nobody.
	Called func(*exchange.Exchange, time.Duration)
}

// Server is the house.
type Server struct {
	cfg   config.Config
	opts  Options
	log   *slog.Logger
	clock clock

	db        store.DB
	tables    *tables.Tables
	root      identity.AccessKey
	keys      *directory.APIKeys
	callers   *directory.Callers
	counters  *counters
	host      *lambdahost.Host
	outgoing  *upstream.Client
	apis      *apigateway.Service
	functions *lambda.Service
	roles     *iam.Service
	sessions  *sts.Service
	endpoints *ec2.Service
	stacks    *cloudformation.Engine
	live      snapshot.Live
	publisher *publish.Publisher
	ring      *telemetry.Ring
	metrics   *telemetry.Metrics
	gateway   *gateway.Gateway

	// code links the code references of definitions to directories (dev).
	code codeLinks
	// deploying holds publishing back: a stack is published once, when it is complete.
	deploying atomic.Int32
	// last is the definition in force, for a reset.
	last atomic.Pointer[Definition]

	data, control *http.Server
	dataL, ctlL   net.Listener
	private       []endpointListener
	draining      atomic.Bool

	stop       context.CancelFunc
	background sync.WaitGroup
	runDir     string
	temporary  bool
}

// New opens the store and builds the house; nothing listens yet. Close must be called.
func New(ctx context.Context, cfg config.Config, opts Options) (_ *Server, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, opts: opts, log: opts.Logger,
		ring:    telemetry.NewRing(lastCalls),
		metrics: telemetry.NewMetrics(opts.Version),
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.openStore(ctx); err != nil {
		return nil, err
	}
	if err := s.rootKey(ctx); err != nil {
		return nil, err
	}
	if err := s.engines(); err != nil {
		return nil, err
	}
	if err := s.services(); err != nil {
		return nil, err
	}
	if err := s.endpoints.Configure(ctx, declaredEndpoints(cfg.VPCEndpoints)); err != nil {
		return nil, err
	}
	if err := s.functions.Collect(ctx); err != nil {
		return nil, fmt.Errorf("unused code: %w", err)
	}
	s.publisher, err = publish.Start(ctx, publish.Config{
		DB: s.db, Tables: s.tables, Home: cfg.Home, URLSuffix: cfg.URLSuffix, Live: &s.live,
		Functions: s.loadFunctions, Published: s.metrics.Published, Logger: s.log,
	})
	if err != nil {
		return nil, err
	}
	s.follow(ctx, s.keys.Run)
	s.follow(ctx, s.callers.Run)
	s.gateway = gateway.New(gateway.Config{
		Live: &s.live,
		Env: check.Env{
			Keys: keys{s.keys}, Counters: s.counters, Callers: callers{s.callers, s.cfg.Home.Region}, SigningKeys: sigv4.NewKeys(signingKeys),
			Wall: time.Now, Account: accountLimit(cfg),
		},
		Backends: integration.Backends{Functions: functions{s.host}, HTTP: outgoing{s.outgoing}, Now: time.Now},
		Record:   s.record,
		Trace:    cfg.Dev,
		Now:      s.clock.Now,
	})
	return s, nil
}

func accountLimit(cfg config.Config) *apigw.Limit {
	if cfg.AccountRate <= 0 {
		return nil
	}
	return &apigw.Limit{Rate: cfg.AccountRate, Burst: cfg.AccountBurst}
}

// openStore opens the database in the state directory, or one in memory.
func (s *Server) openStore(ctx context.Context) error {
	if s.cfg.StateDir == "" {
		s.db = store.NewMemory()
		t, err := tables.Unlock(ctx, s.db, seal.NewKey())
		if err != nil {
			return err
		}
		s.tables = t
		s.runDir, err = os.MkdirTemp("", "gatehouse-")
		s.temporary = true
		return err
	}
	if err := os.MkdirAll(s.cfg.StateDir, 0o700); err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	db, err := sqlite.Open(ctx, filepath.Join(s.cfg.StateDir, "gatehouse.db"))
	if err != nil {
		return err
	}
	s.db = db
	s.tables, err = tables.Open(ctx, s.db, filepath.Join(s.cfg.StateDir, "master.key"))
	s.runDir = filepath.Join(s.cfg.StateDir, "run")
	return err
}

// engines makes what serves calls: directories, counters, functions, outgoing HTTP.
func (s *Server) engines() (err error) {
	scope := store.Scope(s.cfg.Home.Scope())
	s.keys = directory.NewAPIKeys(s.db, s.tables, scope)
	s.callers = directory.NewCallers(s.db, s.tables, s.cfg.Home)
	if s.counters, err = s.newCounters(); err != nil {
		return err
	}
	s.host, err = lambdahost.New(lambdahost.Config{
		RunDir: filepath.Join(s.runDir, "functions"), Home: s.cfg.Home, Logger: s.log,
		Log: s.opts.FunctionLog, Extra: s.functionEnv, Credentials: s.functionCredentialsOf, MaxAge: functionMaxAge,
	})
	if err != nil {
		return err
	}
	s.outgoing = upstream.New(upstream.Config{})
	return nil
}

// services makes the control plane's operations.
func (s *Server) services() (err error) {
	s.apis, err = apigateway.New(apigateway.Config{
		DB: s.db, Tables: s.tables, Home: s.cfg.Home, Now: s.clock.Now, IDs: apigateway.NewIDs(rand.Reader),
		Usage: s.counters, Random: rand.Reader, Published: s.published,
	})
	if err != nil {
		return err
	}
	s.functions, err = lambda.New(lambda.Config{
		DB: s.db, Tables: s.tables, Home: s.cfg.Home, Now: s.clock.Now, Host: s.host, Code: &s.code,
		CodeDir: s.codeDir(), Logger: s.log, Published: s.published,
	})
	if err != nil {
		return err
	}
	s.roles = iam.New(iam.Config{DB: s.db, Tables: s.tables, Home: s.cfg.Home, Now: s.clock.Now, Random: rand.Reader})
	// Sessions end by the machine's clock, as signatures do.
	s.sessions = sts.New(sts.Config{DB: s.db, Tables: s.tables, Home: s.cfg.Home, Now: time.Now, Random: rand.Reader})
	s.endpoints = ec2.New(ec2.Config{
		DB: s.db, Tables: s.tables, Home: s.cfg.Home, URLSuffix: s.cfg.URLSuffix, Now: s.clock.Now, Random: rand.Reader, Published: s.published,
	})
	s.stacks = cloudformation.New(cloudformation.Config{
		DB: s.db, Tables: s.tables, Home: s.cfg.Home, URLSuffix: s.cfg.URLSuffix, Now: s.clock.Now,
		Services: cloudformation.Services{APIGateway: s.apis, Lambda: s.functions, IAM: s.roles, EC2: s.endpoints},
	})
	return nil
}

// codeDir keeps uploaded code, by digest.
func (s *Server) codeDir() string {
	if s.cfg.StateDir == "" {
		return filepath.Join(s.runDir, "code")
	}
	return filepath.Join(s.cfg.StateDir, "code")
}

// published waits until a revision is served, unless a deployment is under way, which publishes at its end.
func (s *Server) published(ctx context.Context, rev store.Rev) error {
	if s.deploying.Load() > 0 || s.publisher == nil {
		return nil
	}
	return s.publisher.Wait(ctx, rev)
}

// follow runs a loop until the server stops.
func (s *Server) follow(ctx context.Context, loop func(context.Context) error) {
	s.background.Go(func() {
		if err := loop(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("a cache no longer follows the store and reads it for each look-up", "error", err)
		}
	})
}

// record keeps, counts and tells of a call.
func (s *Server) record(x *exchange.Exchange, _ *exchange.Response, took time.Duration) {
	s.metrics.Observe(x, took)
	if s.opts.Called != nil {
		s.opts.Called(x, took)
	} else {
		telemetry.LogCall(s.log, x, took)
	}
	if s.cfg.Dev {
		s.ring.Add(x, took)
	}
}

// Snapshot is what is served now.
func (s *Server) Snapshot() *snapshot.Snapshot { return s.live.Load() }

// RootKey is the account's own access key.
func (s *Server) RootKey() identity.AccessKey { return s.root }

// functionEnv is what functions are told about the house that runs them.
func (s *Server) functionEnv(*function.Config) []string {
	if !s.cfg.Dev || s.dataL == nil {
		return nil
	}
	return []string{"IS_OFFLINE=true", "GATEHOUSE_URL=" + s.DataURL()}
}

// newCounters makes counters whose totals are kept in the store.
func (s *Server) newCounters() (*counters, error) {
	local, err := counter.New(counter.Config{Totals: &counter.Stored{DB: s.db, Tables: s.tables, Scope: store.Scope(s.cfg.Home.Scope())}, Now: s.clock.Now, Log: s.log})
	if err != nil {
		return nil, err
	}
	return &counters{local: local, now: s.clock.Now}, nil
}

// Close stops everything that New and Listen started, in the opposite order.
func (s *Server) Close() error {
	var faults []error
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	faults = append(faults, s.unlisten())
	if s.functions != nil {
		faults = append(faults, s.functions.Close(ctx))
	}
	if s.host != nil {
		faults = append(faults, s.host.Close(ctx))
	}
	if s.counters != nil {
		faults = append(faults, s.counters.local.Close(ctx))
	}
	if s.publisher != nil {
		s.publisher.Close()
	}
	s.stop()
	s.background.Wait()
	if s.outgoing != nil {
		s.outgoing.Close()
	}
	if s.db != nil {
		faults = append(faults, s.db.Close())
	}
	if s.temporary {
		faults = append(faults, os.RemoveAll(s.runDir))
	}
	return errors.Join(faults...)
}

// Config is what the server was built from.
func (s *Server) Config() config.Config { return s.cfg }

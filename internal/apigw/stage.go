package apigw

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The limits of an account, which a stage without throttles of its own reports and applies [recorded].
const (
	AccountBurst = 5000
	AccountRate  = 10000
)

const (
	maxVariables     = 100
	maxVariableName  = 64
	maxVariableValue = 512
)

// CheckStageName refuses what cannot be the first segment of a REST URL.
func CheckStageName(name string) error {
	if len(name) > 128 || !only(name, "_-") {
		return Refuse(BadRequest, "Stage name only allows a-zA-Z0-9_-")
	}
	return nil
}

// Check refuses a stage that AWS would not keep.
func (s *Stage) Check() error {
	if err := CheckStageName(string(s.Name)); err != nil {
		return err
	}
	if err := checkVariables(s.Variables); err != nil {
		return err
	}
	if c := s.Canary; c != nil {
		if !(c.Percent >= 0 && c.Percent <= 100) {
			return Refuse(BadRequest, "Invalid canary percentTraffic: must be between 0.0 and 100.0")
		}
		if err := checkVariables(c.Variables); err != nil {
			return err
		}
	}
	if l := s.AccessLog; l != nil && l.Destination == "" && l.Format == "" {
		return Refuse(BadRequest, "Access Log value must not be empty")
	}
	return CheckTags(s.Tags)
}

func checkVariables(vars map[string]string) error {
	if len(vars) > maxVariables {
		return Refuse(BadRequest, "Invalid stage variables: at most %d are allowed", maxVariables)
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if len(name) > maxVariableName || !only(name, "_") {
			return Refuse(BadRequest, "Stage variable name %s is invalid: only a-zA-Z0-9_ are allowed, at most %d characters", name, maxVariableName)
		}
		if v := vars[name]; v != "" && (len(v) > maxVariableValue || !only(v, "-._~:/?#&=,")) {
			return Refuse(BadRequest, "Stage variable value for %s is invalid: only a-zA-Z0-9-._~:/?#&=, are allowed, at most %d characters", name, maxVariableValue)
		}
	}
	return nil
}

// DefaultSetting is a method setting of which nothing has been said.
func DefaultSetting() MethodSetting {
	return MethodSetting{CacheTTL: 300, RequireAuthForCache: true, CacheUnauthorized: "SUCCEED_WITH_RESPONSE_HEADER"}
}

// MethodKey is the key of the setting of one method, "store/{id}/GET" for path "/store/{id}". The root is
// "/GET".
func MethodKey(path, verb string) string { return strings.TrimPrefix(path, "/") + "/" + verb }

// sameMethod brings a key into the form of MethodKey: tools write the slashes of a path as ~1 or as they
// are, with or without the first one. A lone "~1" is the root.
func sameMethod(key string) string {
	if key == "*/*" {
		return key
	}
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return key
	}
	return MethodKey(strings.ReplaceAll(key[:i], "~1", "/"), key[i+1:])
}

// Setting returns what the stage sets for a method: its own setting, else that of "*/*". ok is false when
// there is neither.
func (s *Stage) Setting(path, verb string) (_ MethodSetting, ok bool) {
	want := MethodKey(path, verb)
	for key, setting := range s.Methods {
		if key != "*/*" && sameMethod(key) == want {
			return setting, true
		}
	}
	setting, ok := s.Methods["*/*"]
	return setting, ok
}

// PatchStage applies UpdateStage. Whether deployments exist is for the caller to check.
func PatchStage(s Stage, ops []PatchOp, now time.Time) (Stage, error) {
	s.Variables = maps.Clone(s.Variables)
	s.Methods = maps.Clone(s.Methods)
	if s.AccessLog != nil {
		l := *s.AccessLog
		s.AccessLog = &l
	}
	if s.Canary != nil {
		c := *s.Canary
		c.Variables = maps.Clone(c.Variables)
		s.Canary = &c
	}
	for _, op := range ops {
		if err := s.patch(op); err != nil {
			return Stage{}, err
		}
	}
	s.Updated = now
	return s, s.Check()
}

func (s *Stage) patch(op PatchOp) error {
	if op.Op == OpCopy {
		return s.promote(op)
	}
	if op.Op != OpAdd && op.Op != OpRemove && op.Op != OpReplace {
		return badStagePath(op)
	}
	switch {
	case op.Path == "/canarySettings" || strings.HasPrefix(op.Path, "/canarySettings/"):
		return s.patchCanary(op)
	case op.Path == "/accessLogSettings" || strings.HasPrefix(op.Path, "/accessLogSettings/"):
		return s.patchAccessLog(op)
	}
	if name, ok := strings.CutPrefix(op.Path, "/variables/"); ok {
		return s.patchVariable(op, name)
	}
	if op.Op == OpReplace {
		switch op.Path {
		case "/deploymentId":
			s.Deployment = DeploymentID(op.Value)
			return nil
		case "/description":
			s.Description = op.Value
			return nil
		case "/documentationVersion":
			s.Documentation = op.Value
			return nil
		case "/cacheClusterEnabled":
			s.CacheEnabled = isTrue(op.Value)
			return nil
		case "/cacheClusterSize":
			s.CacheSize = op.Value
			return nil
		case "/clientCertificateId":
			s.ClientCert = op.Value
			return nil
		case "/tracingEnabled":
			s.Tracing = isTrue(op.Value)
			return nil
		}
	}
	return s.patchMethod(op)
}

func (s *Stage) patchVariable(op PatchOp, escaped string) error {
	name, ok := unescape(escaped)
	if !ok || strings.Contains(escaped, "/") {
		return badStagePath(op)
	}
	if op.Op == OpRemove {
		if _, ok := s.Variables[name]; !ok {
			return noSetting(op)
		}
		delete(s.Variables, name)
		if len(s.Variables) == 0 {
			s.Variables = nil
		}
		return nil
	}
	if s.Variables == nil {
		s.Variables = map[string]string{}
	}
	s.Variables[name] = op.Value
	return nil
}

func (s *Stage) patchAccessLog(op PatchOp) error {
	if op.Op == OpRemove {
		if op.Path != "/accessLogSettings" {
			return noSetting(op)
		}
		s.AccessLog = nil
		return nil
	}
	if s.AccessLog == nil {
		s.AccessLog = &AccessLog{}
	}
	field := &s.AccessLog.Format
	switch op.Path {
	case "/accessLogSettings/destinationArn":
		field = &s.AccessLog.Destination
	case "/accessLogSettings/format":
	default:
		return Refuse(BadRequest, "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]")
	}
	if op.Value == "" {
		return Refuse(BadRequest, "Access Log value must not be empty")
	}
	*field = op.Value
	return nil
}

func (s *Stage) patchCanary(op PatchOp) error {
	field := strings.TrimPrefix(op.Path, "/canarySettings")
	if op.Op == OpRemove {
		if field != "" || s.Canary == nil {
			return noSetting(op)
		}
		s.Canary = nil
		return nil
	}
	if field == "" {
		return badStagePath(op)
	}
	// Only replace is taken, and it makes a canary where there was none [recorded].
	if op.Op != OpReplace {
		return Refuse(BadRequest, "Invalid %s operation with path: %s", op.Op, op.Path)
	}
	c := s.Canary
	if c == nil {
		c = &Canary{Deployment: s.Deployment}
	}
	switch name, variable := strings.CutPrefix(field, "/stageVariableOverrides/"); {
	case field == "/deploymentId":
		c.Deployment = DeploymentID(op.Value)
	case field == "/useStageCache":
		c.UseCache = isTrue(op.Value)
	case field == "/percentTraffic":
		percent, err := strconv.ParseFloat(op.Value, 64)
		if err != nil {
			return Refuse(BadRequest, "Invalid canary percentTraffic: must be between 0.0 and 100.0")
		}
		c.Percent = percent
	case variable && name != "" && !strings.Contains(name, "/"):
		plain, ok := unescape(name)
		if !ok {
			return badStagePath(op)
		}
		if c.Variables == nil {
			c.Variables = map[string]string{}
		}
		c.Variables[plain] = op.Value
	default:
		return badStagePath(op)
	}
	s.Canary = c
	return nil
}

// promote copies what the canary tried to the stage [recorded].
func (s *Stage) promote(op PatchOp) error {
	deployment := op.From == "/canarySettings/deploymentId" && op.Path == "/deploymentId"
	variables := op.From == "/canarySettings/stageVariableOverrides" && op.Path == "/variables"
	if !deployment && !variables {
		return Refuse(BadRequest, "Invalid copy operation with path: %s and from %s. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]", op.Path, op.From)
	}
	if s.Canary == nil {
		return Refuse(BadRequest, "Promotion not available. Canary does not exist.")
	}
	if deployment {
		s.Deployment = s.Canary.Deployment
		return nil
	}
	for name, value := range s.Canary.Variables {
		if s.Variables == nil {
			s.Variables = map[string]string{}
		}
		s.Variables[name] = value
	}
	return nil
}

// patchMethod changes a method setting. A setting that did not exist begins as a copy of that of "*/*"
// [recorded]; later changes of "*/*" do not touch it.
func (s *Stage) patchMethod(op PatchOp) error {
	key := strings.TrimPrefix(op.Path, "/")
	if op.Op == OpRemove {
		found, ok := s.methodEntry(key)
		if !ok {
			return noSetting(op)
		}
		delete(s.Methods, found)
		return nil
	}
	var set func(*MethodSetting, string) bool
	for suffix, f := range settingFields {
		if rest, ok := strings.CutSuffix(key, suffix); ok {
			key, set = rest, f
			break
		}
	}
	if set == nil || !methodPath(key) {
		return badStagePath(op)
	}
	found, ok := s.methodEntry(key)
	setting := s.Methods[found]
	if !ok {
		if setting, ok = s.Methods["*/*"]; !ok {
			setting = DefaultSetting()
		}
	}
	if !set(&setting, op.Value) {
		return Refuse(BadRequest, "Invalid value '%s' for method setting path: %s", op.Value, op.Path)
	}
	if s.Methods == nil {
		s.Methods = map[string]MethodSetting{}
	}
	s.Methods[found] = setting
	return nil
}

// methodEntry finds the key under which a setting is kept: the text of its first writer, because readers
// compare it with what they wrote. Without one it is the given text.
func (s *Stage) methodEntry(key string) (string, bool) {
	for have := range s.Methods {
		if have == key || (have != "*/*" && key != "*/*" && sameMethod(have) == sameMethod(key)) {
			return have, true
		}
	}
	return key, false
}

// methodPath reports whether a key is "*/*" or ends in a verb.
func methodPath(key string) bool {
	if key == "*/*" {
		return true
	}
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return false
	}
	_, ok := unescape(key)
	return ok && slices.Contains(verbs, key[i+1:])
}

// settingFields sets one member of a method setting; false says that the value is none.
var settingFields = map[string]func(*MethodSetting, string) bool{
	"/metrics/enabled":   func(m *MethodSetting, v string) bool { m.Metrics = isTrue(v); return true },
	"/logging/dataTrace": func(m *MethodSetting, v string) bool { m.DataTrace = isTrue(v); return true },
	"/logging/loglevel": func(m *MethodSetting, v string) bool {
		m.LoggingLevel = v
		return v == "OFF" || v == "ERROR" || v == "INFO"
	},
	"/throttling/burstLimit": func(m *MethodSetting, v string) bool {
		n, err := strconv.ParseInt(v, 10, 32)
		burst := int32(n)
		m.Burst = &burst
		return err == nil && n >= -1
	},
	"/throttling/rateLimit": func(m *MethodSetting, v string) bool {
		rate, err := strconv.ParseFloat(v, 64)
		m.Rate = &rate
		return err == nil && goodRate(rate) || rate == -1
	},
	"/caching/enabled":       func(m *MethodSetting, v string) bool { m.Caching = isTrue(v); return true },
	"/caching/dataEncrypted": func(m *MethodSetting, v string) bool { m.CacheEncrypted = isTrue(v); return true },
	"/caching/ttlInSeconds": func(m *MethodSetting, v string) bool {
		n, err := strconv.ParseInt(v, 10, 32)
		m.CacheTTL = int32(n)
		return err == nil && n >= 0 && n <= maxTTL
	},
	"/caching/requireAuthorizationForCacheControl": func(m *MethodSetting, v string) bool {
		m.RequireAuthForCache = isTrue(v)
		return true
	},
	"/caching/unauthorizedCacheControlHeaderStrategy": func(m *MethodSetting, v string) bool {
		m.CacheUnauthorized = v
		return v == "FAIL_WITH_403" || v == "SUCCEED_WITH_RESPONSE_HEADER" || v == "SUCCEED_WITHOUT_RESPONSE_HEADER"
	},
}

// noSetting is AWS's answer to the removal of anything that a stage does not have, with the space at its
// end [recorded]. Terraform takes it for success.
func noSetting(op PatchOp) error {
	path := strings.TrimPrefix(op.Path, "/")
	return Refuse(BadRequest, "Cannot remove method setting %s because there is no method setting for this method ", path)
}

// badStagePath repeats AWS's list, missing commas included [recorded].
func badStagePath(op PatchOp) error {
	return Refuse(BadRequest, "Invalid method setting path: %s. Must be one of: [/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, "+
		"/{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, /{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, /{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, "+
		"/*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, /*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled]", op.Path)
}

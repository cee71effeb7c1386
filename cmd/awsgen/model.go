package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// model is the part of a service-2.json that is read.
type model struct {
	Metadata struct {
		APIVersion     string `json:"apiVersion"`
		EndpointPrefix string `json:"endpointPrefix"`
		Protocol       string `json:"protocol"`
		SigningName    string `json:"signingName"`
		TargetPrefix   string `json:"targetPrefix"`
		GlobalEndpoint string `json:"globalEndpoint"`
		XMLNamespace   string `json:"xmlNamespace"`
	} `json:"metadata"`
	Operations map[string]operation `json:"operations"`
	Shapes     map[string]*shape    `json:"shapes"`
}

type operation struct {
	Name string `json:"name"`
	HTTP struct {
		Method string `json:"method"`
		URI    string `json:"requestUri"`
		Status int    `json:"responseCode"`
	} `json:"http"`
	Input  *ref  `json:"input"`
	Output *ref  `json:"output"`
	Errors []ref `json:"errors"`
	// AuthType is "none" for operations without a signature.
	AuthType string `json:"authtype"`
}

type ref struct {
	Shape        string `json:"shape"`
	Location     string `json:"location"`
	LocationName string `json:"locationName"`
	QueryName    string `json:"queryName"`
	Wrapper      string `json:"resultWrapper"`
	Flattened    bool   `json:"flattened"`
	XMLAttribute bool   `json:"xmlAttribute"`
}

type shape struct {
	Type      string   `json:"type"`
	Members   members  `json:"members"`
	Required  []string `json:"required"`
	Payload   string   `json:"payload"`
	Member    *ref     `json:"member"`
	Key       *ref     `json:"key"`
	Value     *ref     `json:"value"`
	Enum      []string `json:"enum"`
	Min       *float64 `json:"min"`
	Max       *float64 `json:"max"`
	Pattern   string   `json:"pattern"`
	Sensitive bool     `json:"sensitive"`
	Exception bool     `json:"exception"`
	Stream    bool     `json:"eventstream"`
	Flattened bool     `json:"flattened"`
	Wrapper   bool     `json:"wrapper"`
	Error     struct {
		Code   string `json:"code"`
		Status int    `json:"httpStatusCode"`
	} `json:"error"`
}

// members keeps the order of the model, which is the order of the fields.
type members []member

type member struct {
	Name string
	ref
}

func (ms *members) UnmarshalJSON(raw []byte) error {
	byName := map[string]ref{}
	if err := json.Unmarshal(raw, &byName); err != nil {
		return err
	}
	names, err := objectKeys(raw)
	if err != nil {
		return err
	}
	for _, name := range names {
		*ms = append(*ms, member{name, byName[name]})
	}
	return nil
}

// objectKeys returns the names of a JSON object in the order of the text.
func objectKeys(raw []byte) ([]string, error) {
	var keys []string
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, ok := t.(string)
		if !ok {
			return nil, errors.New("object with a name that is no string")
		}
		keys = append(keys, key)
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// shape returns a shape by name.
func (m *model) shape(name string) (*shape, error) {
	s, ok := m.Shapes[name]
	if !ok {
		return nil, fmt.Errorf("the model names shape %q and does not have it", name)
	}
	return s, nil
}

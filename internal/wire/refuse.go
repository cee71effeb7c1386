package wire

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"gatehouse/internal/shape"
)

// Refuse encodes a refusal for a client that speaks a protocol, where there is no service to ask: the one
// that the client wants is not offered at all.
func Refuse(p shape.Protocol, e *Error, requestID string) Response {
	refusal := *e
	if refusal.Status == 0 {
		refusal.Status = http.StatusBadRequest
	}
	var resp Response
	switch p {
	case shape.JSON:
		resp = refuseRPC(&refusal, "message")
	case shape.Query, shape.EC2:
		resp = refuseXML(&refusal, "", requestID)
	default:
		resp = refuseJSON(&refusal, "message")
	}
	resp.Err = e
	return resp
}

// refuseJSON is the form of rest-json: the name in a header, the rest in the body. member is the name of
// the text.
func refuseJSON(e *Error, member string) Response {
	resp := Response{Status: e.Status, Header: http.Header{}}
	maps.Copy(resp.Header, e.Header)
	resp.Header["Content-Type"] = []string{"application/json"}
	resp.Header["x-amzn-ErrorType"] = []string{e.Code}
	var members []pair
	if e.Type != "" {
		members = append(members, pair{"Type", e.Type})
	}
	for _, name := range slices.Sorted(maps.Keys(e.Members)) {
		members = append(members, pair{name, e.Members[name]})
	}
	members = append(members, pair{member, e.Message})
	tokens := []jsontext.Token{jsontext.BeginObject}
	for _, m := range members {
		tokens = append(tokens, jsontext.String(m.name), jsontext.String(m.value))
	}
	var b bytes.Buffer
	enc := jsontext.NewEncoder(&b, jsontext.AllowInvalidUTF8(true))
	for _, t := range append(tokens, jsontext.EndObject) {
		if err := enc.WriteToken(t); err != nil {
			// Two members with one name: the refusal itself still stands.
			resp.Body = []byte(`{"message":` + strconv.Quote(e.Code) + `}`)
			return resp
		}
	}
	resp.Body = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return resp
}

package gateway

import (
	"gatehouse/internal/gateway/exchange"
	"gatehouse/internal/verdict"
)

// refusal is how one kind is written on a REST API.
type refusal struct {
	Status    int
	Message   string
	ErrorType string
	// Spaced bodies have a space after the colon: AWS writes so what it refuses after execution began
	// ("Starting execution for request" in the log). Capital bodies say "Message".
	Spaced, Capital bool
	// Null bodies are {"message":null}.
	Null bool
	// Plain bodies are the bare message as text/plain.
	Plain bool
}

// restRefusals is the one table from kinds to answers: "Gateway response types" of the API Gateway guide,
// with the bodies and x-amzn-ErrorType values that recordings and captures show.
var restRefusals = [verdict.Kinds]refusal{
	verdict.RequestTooLarge:              {Status: 413, Message: "HTTP content length exceeded 10485760 bytes.", ErrorType: "RequestTooLargeException", Plain: true},
	verdict.ResourceNotFound:             {Status: 404, Message: "Not Found", ErrorType: "NotFoundException"},
	verdict.AuthorizerConfigurationError: {Status: 500, ErrorType: "AuthorizerConfigurationException", Null: true},
	verdict.MissingAuthenticationToken:   {Status: 403, Message: "Missing Authentication Token", ErrorType: "MissingAuthenticationTokenException"},
	verdict.BadRequestBody:               {Status: 400, Message: "Invalid request body", ErrorType: "BadRequestException", Spaced: true},
	verdict.InvalidSignature:             {Status: 403, Message: "The request signature we calculated does not match the signature you provided.", ErrorType: "InvalidSignatureException"},
	verdict.InvalidAPIKey:                {Status: 403, Message: "Forbidden", ErrorType: "ForbiddenException"},
	verdict.BadRequestParameters:         {Status: 400, Message: "Missing required request parameters", ErrorType: "BadRequestException", Spaced: true},
	verdict.AuthorizerFailure:            {Status: 500, ErrorType: "AuthorizerFailureException", Null: true},
	verdict.Unauthorized:                 {Status: 401, Message: "Unauthorized", ErrorType: "UnauthorizedException"},
	verdict.IntegrationTimeout:           {Status: 504, Message: "Endpoint request timed out", ErrorType: "InternalServerErrorException", Spaced: true},
	verdict.AccessDenied:                 {Status: 403, Message: "User is not authorized to access this resource", ErrorType: "AccessDeniedException", Capital: true},
	verdict.WAFFiltered:                  {Status: 403, Message: "Forbidden", ErrorType: "ForbiddenException"},
	verdict.QuotaExceeded:                {Status: 429, Message: "Limit Exceeded", ErrorType: "LimitExceededException"},
	verdict.Throttled:                    {Status: 429, Message: "Too Many Requests", ErrorType: "TooManyRequestsException"},
	verdict.APIConfigurationError:        {Status: 500, Message: "Internal server error", ErrorType: "InternalServerErrorException", Spaced: true},
	verdict.UnsupportedMediaType:         {Status: 415, Message: "Unsupported Media Type", ErrorType: "BadRequestException", Spaced: true},
	verdict.IntegrationFailure:           {Status: 504, Message: "Network error communicating with endpoint", ErrorType: "InternalServerErrorException", Spaced: true},
	verdict.ExpiredToken:                 {Status: 403, Message: "The security token included in the request is expired", ErrorType: "ExpiredTokenException"},
	verdict.Forbidden:                    {Status: 403, Message: "Forbidden", ErrorType: "ForbiddenException"},
	verdict.IncompleteSignature:          {Status: 403, Message: "Missing Authentication Token", ErrorType: "IncompleteSignatureException"},
	verdict.URITooLong:                   {Status: 414, Message: "Request URI too long", ErrorType: "RequestTooLargeException"},
	verdict.HeadersTooLarge:              {Status: 431, Message: "Request Header Fields Too Large", ErrorType: "RequestTooLargeException"},
	verdict.BadRequest:                   {Status: 400, Message: "Bad Request", ErrorType: "BadRequestException"},
	verdict.UnrecognizedClient:           {Status: 403, Message: "The security token included in the request is invalid.", ErrorType: "UnrecognizedClientException"},
	verdict.MalformedFunctionResponse:    {Status: 502, Message: "Internal server error", ErrorType: "InternalServerErrorException", Spaced: true},
}

// Refuse writes a refusal as API Gateway does. It adds no header of the gateway's own; Serve does.
func Refuse(d verdict.Decision) *exchange.Response {
	r := &restRefusals[d.Kind]
	if r.Status == 0 {
		// A kind without a row is a defect; it must not become an answer that looks like success.
		r = &restRefusals[verdict.APIConfigurationError]
	}
	message := r.Message
	if d.Message != "" {
		message = d.Message
	}
	resp := &exchange.Response{Status: r.Status}
	resp.Header = make(exchange.Header, 0, 6)
	if r.Plain {
		resp.Body = []byte(message)
		resp.Add("Content-Type", "text/plain")
	} else {
		resp.Body = r.body(message)
		resp.Add("Content-Type", "application/json")
	}
	resp.Add("x-amzn-ErrorType", r.ErrorType)
	return resp
}

func (r *refusal) body(message string) []byte {
	b := make([]byte, 0, len(message)+24)
	if r.Capital {
		b = append(b, `{"Message":`...)
	} else {
		b = append(b, `{"message":`...)
	}
	if r.Spaced {
		b = append(b, ' ')
	}
	if r.Null {
		b = append(b, "null"...)
	} else {
		b = appendJSONString(b, message)
	}
	return append(b, '}')
}

// appendJSONString quotes a message. Messages are the gateway's own texts and echoes of the caller's
// input, so everything that could leave the string is escaped.
func appendJSONString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < 0x20 || r == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = append(b, string(r)...)
		}
	}
	return append(b, '"')
}

// StatusOf is the default status of a kind, for tables and tests.
func StatusOf(k verdict.Kind) int { return restRefusals[k].Status }

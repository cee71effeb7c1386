package event

import (
	"encoding/base64"
	"strconv"
)

// AppendREST appends the event to dst.
func AppendREST(dst []byte, in *REST) []byte {
	dst = append(dst, `{"resource":`...)
	dst = appendString(dst, in.Resource)
	dst = append(dst, `,"path":`...)
	dst = appendString(dst, in.Path)
	dst = append(dst, `,"httpMethod":`...)
	dst = appendString(dst, in.Method)

	var headerBuf [48]item
	headers := collectHeaders(headerBuf[:0], in)
	dst = append(dst, `,"headers":`...)
	dst = appendLast(dst, headers)
	dst = append(dst, `,"multiValueHeaders":`...)
	dst = appendAll(dst, headers)

	var queryBuf [16]item
	query := collectQuery(queryBuf[:0], in.Query)
	dst = append(dst, `,"queryStringParameters":`...)
	dst = appendLast(dst, query)
	dst = append(dst, `,"multiValueQueryStringParameters":`...)
	dst = appendAll(dst, query)

	var paramBuf [16]item
	dst = append(dst, `,"pathParameters":`...)
	dst = appendLast(dst, collectParams(paramBuf[:0], in.Params))
	dst = append(dst, `,"stageVariables":`...)
	dst = appendRaw(dst, in.StageVariables)
	dst = append(dst, `,"requestContext":`...)
	dst = appendContext(dst, in)
	dst = append(dst, `,"body":`...)
	return append(appendBody(dst, in.Body, in.Binary), '}')
}

// appendContext writes requestContext in its recorded order.
func appendContext(dst []byte, in *REST) []byte {
	dst = append(dst, `{"resourceId":`...)
	dst = appendString(dst, in.ResourceID)
	if len(in.Authorizer) > 0 {
		dst = append(dst, `,"authorizer":`...)
		dst = append(dst, in.Authorizer...)
	}
	dst = append(dst, `,"resourcePath":`...)
	dst = appendString(dst, in.Resource)
	dst = append(dst, `,"httpMethod":`...)
	dst = appendString(dst, in.Method)
	dst = append(dst, `,"extendedRequestId":`...)
	dst = appendString(dst, in.ExtendedRequestID)
	dst = append(dst, `,"requestTime":"`...)
	dst = in.At.UTC().AppendFormat(dst, "02/Jan/2006:15:04:05 +0000")
	dst = append(dst, `","path":`...)
	dst = appendString(dst, in.ContextPath)
	dst = append(dst, `,"accountId":`...)
	dst = appendString(dst, in.AccountID)
	// HTTP/2 callers are reported as HTTP/1.1 too [recorded].
	dst = append(dst, `,"protocol":"HTTP/1.1","stage":`...)
	dst = appendString(dst, in.Stage)
	dst = append(dst, `,"domainPrefix":`...)
	dst = appendString(dst, in.DomainPrefix)
	dst = append(dst, `,"requestTimeEpoch":`...)
	dst = strconv.AppendInt(dst, in.At.UnixMilli(), 10)
	dst = append(dst, `,"requestId":`...)
	dst = appendString(dst, in.RequestID)
	dst = append(dst, `,"identity":`...)
	dst = appendIdentity(dst, &in.Identity)
	dst = append(dst, `,"domainName":`...)
	dst = appendString(dst, in.DomainName)
	dst = append(dst, `,"deploymentId":`...)
	dst = appendString(dst, in.DeploymentID)
	dst = append(dst, `,"apiId":`...)
	return append(appendString(dst, in.APIID), '}')
}

// appendIdentity writes one of the two recorded orders: the hash map of 14 members is larger than that of
// 12.
func appendIdentity(dst []byte, id *Identity) []byte {
	if id.KeyRequired {
		dst = appendNullable(append(dst, `{"cognitoIdentityPoolId":`...), id.CognitoIdentityPoolID)
		dst = appendNullable(append(dst, `,"cognitoIdentityId":`...), id.CognitoIdentityID)
		dst = appendNullable(append(dst, `,"apiKey":`...), id.APIKey)
		dst = appendNullable(append(dst, `,"principalOrgId":`...), id.PrincipalOrgID)
		dst = appendNullable(append(dst, `,"cognitoAuthenticationType":`...), id.CognitoAuthenticationType)
		dst = appendNullable(append(dst, `,"userArn":`...), id.UserARN)
		dst = appendNullable(append(dst, `,"apiKeyId":`...), id.APIKeyID)
		dst = appendNullable(append(dst, `,"userAgent":`...), id.UserAgent)
		dst = appendNullable(append(dst, `,"accountId":`...), id.AccountID)
		dst = appendNullable(append(dst, `,"caller":`...), id.Caller)
		dst = appendNullable(append(dst, `,"sourceIp":`...), id.SourceIP)
		dst = appendNullable(append(dst, `,"accessKey":`...), id.AccessKey)
		dst = appendNullable(append(dst, `,"cognitoAuthenticationProvider":`...), id.CognitoAuthenticationProvider)
		dst = appendNullable(append(dst, `,"user":`...), id.User)
		return append(appendNetwork(dst, id), '}')
	}
	dst = appendNullable(append(dst, `{"cognitoIdentityPoolId":`...), id.CognitoIdentityPoolID)
	dst = appendNullable(append(dst, `,"accountId":`...), id.AccountID)
	dst = appendNullable(append(dst, `,"cognitoIdentityId":`...), id.CognitoIdentityID)
	dst = appendNullable(append(dst, `,"caller":`...), id.Caller)
	dst = appendNullable(append(dst, `,"sourceIp":`...), id.SourceIP)
	dst = appendNullable(append(dst, `,"principalOrgId":`...), id.PrincipalOrgID)
	dst = appendNullable(append(dst, `,"accessKey":`...), id.AccessKey)
	dst = appendNullable(append(dst, `,"cognitoAuthenticationType":`...), id.CognitoAuthenticationType)
	dst = appendNullable(append(dst, `,"cognitoAuthenticationProvider":`...), id.CognitoAuthenticationProvider)
	dst = appendNullable(append(dst, `,"userArn":`...), id.UserARN)
	dst = appendNullable(append(dst, `,"userAgent":`...), id.UserAgent)
	dst = appendNullable(append(dst, `,"user":`...), id.User)
	return append(appendNetwork(dst, id), '}')
}

// appendNetwork writes what only calls through a VPC endpoint have [docs]; their place is [inferred].
func appendNetwork(dst []byte, id *Identity) []byte {
	if id.VPCEndpointID == "" {
		return dst
	}
	dst = appendNullable(append(dst, `,"vpcId":`...), id.VPCID)
	return appendNullable(append(dst, `,"vpceId":`...), id.VPCEndpointID)
}

func appendNullable(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, s)
}

func appendRaw(dst, json []byte) []byte {
	if len(json) == 0 {
		return append(dst, "null"...)
	}
	return append(dst, json...)
}

// appendBody writes the body and isBase64Encoded; an empty body is null.
func appendBody(dst, body []byte, binary bool) []byte {
	switch {
	case len(body) == 0:
		return append(dst, `null,"isBase64Encoded":false`...)
	case binary:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, body)
		return append(dst, `","isBase64Encoded":true`...)
	}
	return append(appendString(dst, body), `,"isBase64Encoded":false`...)
}

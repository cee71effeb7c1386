package edge

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"

	"gatehouse/internal/gateway/exchange"
)

// ids makes the request id and the extended id. A caller may name the request id with a UUID in
// x-amzn-RequestId; anything else is ignored, and the extended id cannot be chosen [docs].
func ids(h exchange.Header) (id, extended string) {
	var b [27]byte
	// crypto/rand.Read never fails.
	_, _ = rand.Read(b[:])
	extended = base64.StdEncoding.EncodeToString(b[16:])
	if v, ok := h.Get("x-amzn-RequestId"); ok && isUUID(v) && h.Count("x-amzn-RequestId") == 1 {
		return v, extended
	}
	return uuid(b[:16]), extended
}

func uuid(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var out [36]byte
	hex.Encode(out[:8], b[:4])
	out[8] = '-'
	hex.Encode(out[9:13], b[4:6])
	out[13] = '-'
	hex.Encode(out[14:18], b[6:8])
	out[18] = '-'
	hex.Encode(out[19:23], b[8:10])
	out[23] = '-'
	hex.Encode(out[24:], b[10:16])
	return string(out[:])
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
				return false
			}
		}
	}
	return true
}

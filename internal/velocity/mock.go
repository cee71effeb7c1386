package velocity

import (
	"errors"
	"fmt"

	"gatehouse/internal/jsonpath"
)

// MockStatus reads the statusCode of what the request template of a MOCK integration rendered. As recorded
// from API Gateway, names may stand without quotes, commas may be too many, and the value must be a whole
// number: a text is refused.
func MockStatus(rendered string) (int, error) {
	v, err := jsonpath.Parse(rendered, &jsonpath.Meter{Steps: MaxSteps, Bytes: MaxMemory})
	if err != nil {
		return 0, fmt.Errorf("the request template of the MOCK integration: %w", err)
	}
	o, ok := v.(*jsonpath.Object)
	if !ok {
		return 0, errors.New("the request template of the MOCK integration must give an object with a statusCode")
	}
	code, ok := o.Get("statusCode")
	if !ok {
		return 0, errors.New("the request template of the MOCK integration gives no statusCode")
	}
	n, ok := whole(code)
	if !ok || n != int64(int32(n)) {
		return 0, errors.New("the statusCode of the MOCK integration must be a whole number, without quotes")
	}
	return int(n), nil
}

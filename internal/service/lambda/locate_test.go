package lambda_test

import "testing"

func TestLocate(t *testing.T) {
	h := newHouse(t)
	base := "arn:aws:lambda:" + string(h.Home.Region) + ":" + string(h.Home.Account) + ":function:"
	account := string(h.Home.Account)
	const template = "function:{FunctionName}{:Qualifier}"
	tests := []struct{ name, qualifier, want string }{
		{"f", "", base + "f"},
		{"f", "live", base + "f:live"},
		{"f:live", "", base + "f:live"},
		{"f:live", "live", base + "f:live"},
		{"f:f", "f", base + "f:f"},
		{"function:f", "f", base + "f:f"},
		{account + ":function:f", "", base + "f"},
		{account + ":f", "", base + "f"},
		{base + "f", "", base + "f"},
		{base + "f:live", "", base + "f:live"},
		{"f:live", "other", ""},
		{"999999999999:function:f", "", ""},
		{"arn:aws:lambda:xx-west-9:" + account + ":function:f", "", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		got, err := h.Locate(t.Context(), template, []string{tt.name, tt.qualifier})
		if err != nil || got != tt.want {
			t.Errorf("Locate(%q, %q) = %q, %v, want %q", tt.name, tt.qualifier, got, err, tt.want)
		}
	}
	if got, err := h.Locate(t.Context(), "layer:{LayerName}", []string{"l"}); got != "" || err != nil {
		t.Errorf("Locate of a layer = %q, %v", got, err)
	}
}

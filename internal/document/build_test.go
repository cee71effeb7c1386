package document

import "testing"

// Values are shared: a change makes a copy.
func TestWith(t *testing.T) {
	at := Pos{"a.yml", 1, 1}
	v := NewMap(at, NewField("a", NewInt(at, 1)), NewField("b", NewBool(at, true)))
	for _, c := range []struct {
		got  *Value
		want string
	}{
		{v.With("a", NewNull(at)), `{"a":null,"b":true}`},
		{v.With("c", NewList(at, NewString(at, "x"))), `{"a":1,"b":true,"c":["x"]}`},
		{v.Without("a"), `{"b":true}`},
		{v.Without("z"), `{"a":1,"b":true}`},
		{(*Value)(nil).With("a", NewInt(at, 2)), `{"a":2}`},
		{v, `{"a":1,"b":true}`},
	} {
		if got := string(JSON(c.got)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if got := v.With("a", NewNull(at)).Pos; got != at {
		t.Errorf("With moved the map to %v", got)
	}
	if v.Has("z") || !v.Has("a") || (*Value)(nil).Has("a") {
		t.Error("Has is wrong")
	}
}

func TestErrors(t *testing.T) {
	one, two := &Error{Pos{"a.yml", 1, 1}, "first", "do this"}, &Error{Msg: "second"}
	if err := (Errors{}).Err(); err != nil {
		t.Errorf("no faults are the error %v", err)
	}
	if err := (Errors{one}).Err(); err != error(one) {
		t.Errorf("one fault is the error %v", err)
	}
	if got, want := (Errors{one, two}).Err().Error(), "a.yml:1: first (do this)\nsecond"; got != want {
		t.Errorf("two faults are %q, want %q", got, want)
	}
}

package controlplane

import (
	"maps"
	"net/netip"
	"reflect"
	"slices"

	"gatehouse/internal/policy/condition"
)

// conditions are the keys that policies may ask about: those of the request, of the caller, of the tags in
// the input, and those of the service whose values are fields of the input.
func (c *call) conditions(in reflect.Value) *condition.Context {
	x := &condition.Context{
		Time:            c.Now(),
		SecureTransport: condition.FlagOf(c.http.TLS != nil),
		ViaAWSService:   condition.False,
		RequestedRegion: string(c.region),
		ResourceAccount: string(c.Home.Account),
		UserAgent:       c.http.Header.Get("User-Agent"),
		Referer:         c.http.Header.Get("Referer"),
	}
	if peer, err := netip.ParseAddrPort(c.http.RemoteAddr); err == nil {
		x.SourceIP = peer.Addr().Unmap()
	}
	c.caller.Describe(x)
	x.RequestTags = tags(in)
	for _, t := range x.RequestTags {
		x.TagKeys = append(x.TagKeys, t.Key)
	}
	x.TagKeys = append(x.TagKeys, texts(field(in, "TagKeys"))...)
	for _, k := range c.service.Model().Keys {
		if values := texts(field(in, k.Member)); len(values) > 0 {
			x.More = append(x.More, condition.Attribute{Name: k.Name, Values: values})
		}
	}
	return x
}

// tags are those that an input carries: a map, or a list of keys and values, or EC2's list of such lists.
func tags(in reflect.Value) []condition.Tag {
	var out []condition.Tag
	if specs := field(in, "TagSpecifications"); specs.IsValid() {
		for i := range specs.Len() {
			out = append(out, tags(specs.Index(i))...)
		}
	}
	switch list := field(in, "Tags"); {
	case !list.IsValid():
	case list.Kind() == reflect.Map:
		all, _ := list.Interface().(map[string]string)
		for _, k := range slices.Sorted(maps.Keys(all)) {
			out = append(out, condition.Tag{Key: k, Value: all[k]})
		}
	case list.Kind() == reflect.Slice && list.Type().Elem().Kind() == reflect.Struct:
		for i := range list.Len() {
			key, value := texts(list.Index(i).FieldByName("Key")), texts(list.Index(i).FieldByName("Value"))
			if len(key) == 1 {
				out = append(out, condition.Tag{Key: key[0], Value: append(value, "")[0]})
			}
		}
	}
	return out
}

package template

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"

	"gatehouse/internal/document"
)

// list evaluates an argument that has to be a list. A text with an unknown value in it is returned as it
// is, with ok false: what it will be split into is not known yet.
func (e *evaluator) list(c call, arg *document.Value, msg string) (v *document.Value, ok bool, err error) {
	v, err = e.value(arg)
	if err != nil {
		return nil, false, err
	}
	if v != nil && v.Kind == document.List {
		return v, true, nil
	}
	if v != nil && v.Kind == document.String && IsUnknown(v.Text) {
		return v, false, nil
	}
	return nil, false, fail(c.pos, "%s", msg)
}

func (e *evaluator) join(c call) (*document.Value, error) {
	delim, arg, err := shapeJoin(c)
	if err != nil {
		return nil, err
	}
	list, ok, err := e.list(c, arg, msgJoin)
	if err != nil || !ok {
		return list, err
	}
	var out strings.Builder
	for i, item := range list.Items {
		text, ok := scalar(item)
		if !ok {
			return nil, fail(item.Pos, msgJoin)
		}
		if i > 0 {
			out.WriteString(delim)
		}
		out.WriteString(text)
		if err := e.spend(c.pos, len(delim)+len(text)); err != nil {
			return nil, err
		}
	}
	v := str(out.String(), c.pos)
	return v, e.plain(v)
}

func (e *evaluator) split(c call) (*document.Value, error) {
	delim, arg, err := shapeSplit(c)
	if err != nil {
		return nil, err
	}
	text, err := e.text(arg, msgSplit)
	if err != nil {
		return nil, err
	}
	if IsUnknown(text) {
		return str(text, c.pos), nil
	}
	parts := strings.Split(text, delim)
	if err := e.spend(c.pos, len(text)+len(parts)); err != nil {
		return nil, err
	}
	out := document.NewList(c.pos)
	for _, part := range parts {
		out.Items = append(out.Items, str(part, c.pos))
	}
	return out, nil
}

func (e *evaluator) selectItem(c call) (*document.Value, error) {
	index, arg, err := shapeSelect(c)
	if err != nil {
		return nil, err
	}
	text, err := e.text(index, msgSelect)
	if err != nil {
		return nil, err
	}
	i, err := strconv.Atoi(text)
	if err != nil {
		return nil, fail(c.pos, msgSelect)
	}
	list, ok, err := e.list(c, arg, msgSelect)
	if err != nil || !ok {
		return list, err
	}
	if i < 0 || i >= len(list.Items) {
		return nil, fail(c.pos, "Template error: Fn::Select cannot select nonexistent value at index %d", i)
	}
	return list.Items[i], nil
}

func (e *evaluator) findInMap(c call) (*document.Value, error) {
	args, def, err := e.b.t.shapeFind(c)
	if err != nil {
		return nil, err
	}
	var keys [3]string
	for i, a := range args {
		if keys[i], err = e.text(a, msgFind); err != nil {
			return nil, err
		}
	}
	m := e.b.t.mappings[keys[0]]
	if m == nil && def == nil {
		return nil, fail(c.pos, "Template error: Mapping named '%s' is not present in the 'Mappings' section of template.", keys[0])
	}
	v := m.Get(keys[1]).Get(keys[2])
	if v == nil && def != nil {
		return e.value(def)
	}
	if v == nil {
		return nil, fail(c.pos, "Template error: Unable to get mapping for %s::%s::%s", keys[0], keys[1], keys[2])
	}
	return e.value(v)
}

func (e *evaluator) base64(c call) (*document.Value, error) {
	text, err := e.text(c.arg, msgBase64)
	if err != nil {
		return nil, err
	}
	if IsUnknown(text) {
		return str(text, c.pos), nil
	}
	return str(base64.StdEncoding.EncodeToString([]byte(text)), c.pos), e.spend(c.pos, 2*len(text))
}

// getAZs answers with three zones, which is what most regions have [inferred].
func (e *evaluator) getAZs(c call) (*document.Value, error) {
	region, err := e.text(c.arg, msgAZs)
	if err != nil {
		return nil, err
	}
	if region == "" {
		region = string(e.b.env.Home.Region)
	}
	out := document.NewList(c.pos)
	for _, zone := range []string{"a", "b", "c"} {
		out.Items = append(out.Items, str(region+zone, c.pos))
	}
	return out, nil
}

func (e *evaluator) importValue(c call) (*document.Value, error) {
	export, err := e.text(c.arg, msgImport)
	if err != nil {
		return nil, err
	}
	if IsUnknown(export) {
		return nil, fail(c.pos, "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs")
	}
	if e.b.env.Exports != nil {
		if text, ok := e.b.env.Exports(export); ok {
			return str(text, c.pos), e.spend(c.pos, len(text))
		}
	}
	return nil, hint(fail(c.pos, "No export named %s found", export), "deploy the stack that exports it first")
}

func (e *evaluator) length(c call) (*document.Value, error) {
	if err := e.b.t.shape(c); err != nil {
		return nil, err
	}
	list, ok, err := e.list(c, c.arg, "Template error: Fn::Length requires a list")
	if err != nil || !ok {
		return list, err
	}
	return document.NewInt(c.pos, int64(len(list.Items))), nil
}

func (e *evaluator) toJSON(c call) (*document.Value, error) {
	if err := e.b.t.shape(c); err != nil {
		return nil, err
	}
	v, err := e.value(c.arg)
	if err != nil {
		return nil, err
	}
	if v == nil || v.Kind != document.Map && v.Kind != document.List {
		return nil, fail(c.pos, "Template error: Fn::ToJsonString requires an object or an array")
	}
	text := document.JSON(v)
	return str(string(text), c.pos), e.spend(c.pos, len(text))
}

// maxBlocks is AWS's limit of Fn::Cidr.
const maxBlocks = 256

// cidr cuts an address block: [block, count, bits], where bits are the host bits of each part.
func (e *evaluator) cidr(c call) (*document.Value, error) {
	if err := e.b.t.shape(c); err != nil {
		return nil, err
	}
	texts := make([]string, len(c.arg.Items))
	for i, a := range c.arg.Items {
		var err error
		if texts[i], err = e.text(a, msgCidr); err != nil {
			return nil, err
		}
		if IsUnknown(texts[i]) {
			return str(texts[i], c.pos), nil
		}
	}
	block, err := netip.ParsePrefix(texts[0])
	if err != nil {
		return nil, fail(c.pos, "Template error: Fn::Cidr: %s is not an address block", texts[0])
	}
	count, err := strconv.Atoi(texts[1])
	if err != nil || count < 1 || count > maxBlocks {
		return nil, fail(c.pos, "Template error: Fn::Cidr: the count has to be 1 to %d", maxBlocks)
	}
	if len(texts) < 3 {
		return nil, hint(fail(c.pos, msgCidr), "give cidrBits, 8 for parts of /24")
	}
	hostBits, err := strconv.Atoi(texts[2])
	length := block.Addr().BitLen() - hostBits
	if err != nil || hostBits < 1 || length < block.Bits() || length > block.Addr().BitLen() {
		return nil, fail(c.pos, "Template error: Fn::Cidr: %s has no parts with %s host bits", texts[0], texts[2])
	}
	if free := length - block.Bits(); free < 9 && count > 1<<free {
		return nil, fail(c.pos, "Template error: Fn::Cidr: %s has only %d parts with %s host bits", texts[0], 1<<free, texts[2])
	}
	out := document.NewList(c.pos)
	addr := new(big.Int).SetBytes(block.Masked().Addr().AsSlice())
	step := new(big.Int).Lsh(big.NewInt(1), uint(hostBits))
	size := block.Addr().BitLen() / 8
	for range count {
		a, _ := netip.AddrFromSlice(addr.FillBytes(make([]byte, size)))
		out.Items = append(out.Items, str(netip.PrefixFrom(a, length).String(), c.pos))
		addr.Add(addr, step)
	}
	return out, nil
}

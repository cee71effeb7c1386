package serverless

import (
	"strconv"
	"unicode/utf8"

	"gatehouse/internal/document"
)

// The length of a key's value, by the reference of API Gateway's CreateApiKey. [docs]
const (
	minKeyLength = 20
	maxKeyLength = 128
)

// putKeys declares API keys, usage plans and the links between them. Keys stand in one list, or by
// category; a category is a usage plan.
func (c *compiler) putKeys() {
	keys, plan := c.rest.cfg.Get("apiKeys"), c.rest.cfg.Get("usagePlan")
	if !given(keys) && !given(plan) {
		return
	}
	categories := c.putPlans(keys, plan)
	values := map[string]document.Pos{}
	for i, item := range c.items(keys) {
		category, list := categoryOf(item)
		if list == nil {
			if categories != nil {
				c.fail(item.Pos, "this API key has no category, but the usage plans have", "move it under one of the categories")
				continue
			}
			c.putKey(item, "", i+1, values)
			continue
		}
		if !categories[category] {
			c.fail(item.Pos, "API key category "+strconv.Quote(category)+" has no usage plan", "add "+category+" to provider.apiGateway.usagePlan")
			continue
		}
		for n, one := range list.Items {
			c.putKey(one, category, n+1, values)
		}
	}
}

// categoryOf recognises {free: [key, …]}.
func categoryOf(item *document.Value) (string, *document.Value) {
	if item.Kind == document.Map && len(item.Fields) == 1 && item.Fields[0].Value.Kind == document.List {
		return item.Fields[0].Name, item.Fields[0].Value
	}
	return "", nil
}

// putPlans declares the usage plans and returns the categories, nil when there is one plan for all. Keys
// without any plan get one that limits nothing.
func (c *compiler) putPlans(keys, plan *document.Value) map[string]bool {
	switch {
	case !given(plan):
		// A category needs a plan to give it meaning.
		for _, item := range c.items(keys) {
			if _, list := categoryOf(item); list != nil {
				return map[string]bool{}
			}
		}
		c.putPlan("", document.NewMap(keys.Pos))
		return nil
	case plan.Kind == document.Map:
		c.unknown(plan, "usagePlan.", []string{"quota", "throttle"})
		c.putPlan("", plan)
		return nil
	case plan.Kind != document.List:
		c.wrongType(plan, "provider.apiGateway.usagePlan", "a map or a list of categories")
		return nil
	}
	categories := map[string]bool{}
	for _, item := range plan.Items {
		for _, f := range c.fields(item, "a usage plan category") {
			if categories[f.Name] {
				c.fail(f.Pos, "usage plan category "+strconv.Quote(f.Name)+" is declared twice", "remove one")
				continue
			}
			categories[f.Name] = true
			cfg := f.Value
			if !given(cfg) {
				cfg = document.NewMap(f.Pos)
			}
			c.fields(cfg, "usage plan "+f.Name)
			c.unknown(cfg, "usagePlan."+f.Name+".", []string{"quota", "throttle"})
			c.putPlan(f.Name, cfg)
		}
	}
	return categories
}

func planID(category string) string { return "ApiGatewayUsagePlan" + upperFirst(category) }

func (c *compiler) putPlan(category string, cfg *document.Value) {
	p := pen{cfg.Pos}
	name, description := c.service+"-"+c.stage, "Usage plan for "+c.service+" "+c.stage+" stage"
	if category != "" {
		name = c.service + "-" + category + "-" + c.stage
		description = `Usage plan "` + category + `" for ` + c.service + " " + c.stage + " stage"
	}
	var quota, throttle *document.Value
	if v := cfg.Get("quota"); given(v) {
		c.fields(v, "quota")
		c.unknown(v, "quota.", []string{"limit", "offset", "period"})
		var period *document.Value
		if s := c.oneOf(v.Get("period"), "quota.period", "DAY", "WEEK", "MONTH"); s != "" {
			period = document.NewString(v.Get("period").Pos, s)
		}
		quota = pen{v.Pos}.obj(
			set("Limit", c.amount(v.Get("limit"), "quota.limit")),
			set("Offset", c.amount(v.Get("offset"), "quota.offset")),
			set("Period", period))
	}
	if v := cfg.Get("throttle"); given(v) {
		c.fields(v, "throttle")
		c.unknown(v, "throttle.", []string{"burstLimit", "rateLimit"})
		throttle = pen{v.Pos}.obj(
			set("BurstLimit", c.amount(v.Get("burstLimit"), "throttle.burstLimit")),
			set("RateLimit", c.amount(v.Get("rateLimit"), "throttle.rateLimit")))
	}
	c.resources.put(planID(category), p.resource("AWS::ApiGateway::UsagePlan", p.obj(
		set("ApiStages", p.list(p.obj(set("ApiId", c.rest.api(p)), set("Stage", p.str(c.stage))))),
		set("Description", p.str(description)),
		set("UsagePlanName", p.str(name)),
		set("Quota", quota),
		set("Throttle", throttle),
	), set("DependsOn", p.str(deploymentID))))
}

// amount reads a number that is not negative.
func (c *compiler) amount(v *document.Value, what string) *document.Value {
	n := c.number(v, what)
	if n != nil && n.Kind == document.Number && n.Text[0] == '-' {
		c.fail(v.Pos, what+" is negative", "write 0 or more")
	}
	return n
}

// putKey declares the n-th key of its list and its link to the plan.
func (c *compiler) putKey(item *document.Value, category string, n int, values map[string]document.Pos) {
	p := pen{item.Pos}
	cfg := item
	if item.Kind != document.Map { // a lone string is a name
		cfg = document.NewMap(item.Pos, document.NewField("name", item))
	}
	c.unknown(cfg, "API key property ", []string{"customerId", "description", "enabled", "name", "value"})
	name := c.textValue(cfg.Get("name"), "the name of an API key")
	value := c.textOrFunction(cfg.Get("value"), "the value of an API key")
	if name == nil && value == nil {
		c.fail(item.Pos, "an API key needs a name or a value", "write - name: my-key")
		return
	}
	if value != nil && value.Kind == document.String {
		c.checkKeyValue(value, name, values)
	}
	enabled := p.yes(true)
	if v := cfg.Get("enabled"); given(v) {
		enabled = c.flagValue(v, "enabled")
	}
	suffix := upperFirst(category) + strconv.Itoa(n)
	id := "ApiGatewayApiKey" + suffix
	c.resources.put(id, p.resource("AWS::ApiGateway::ApiKey", p.obj(
		set("Enabled", enabled),
		set("Name", name),
		set("Value", value),
		set("Description", c.textValue(cfg.Get("description"), "the description of an API key")),
		set("CustomerId", c.textValue(cfg.Get("customerId"), "customerId")),
		set("StageKeys", p.list(p.obj(set("RestApiId", c.rest.api(p)), set("StageName", p.str(c.stage))))),
	), set("DependsOn", p.str(deploymentID))))
	c.resources.put("ApiGatewayUsagePlanKey"+suffix, p.resource("AWS::ApiGateway::UsagePlanKey", p.obj(
		set("KeyId", p.ref(id)),
		set("KeyType", p.str("API_KEY")),
		set("UsagePlanId", p.ref(planID(category))),
	)))
	declared := DeclaredKey{LogicalID: id, HasValue: value != nil, Category: category, Pos: item.Pos}
	if name != nil {
		declared.Name = name.Text
	}
	c.keys = append(c.keys, declared)
}

// checkKeyValue refuses a literal value that API Gateway would refuse. The message never shows the value.
func (c *compiler) checkKeyValue(value, name *document.Value, values map[string]document.Pos) {
	who := "the API key"
	if name != nil {
		who += " " + name.Text
	}
	switch n := utf8.RuneCountInString(value.Text); {
	case n < minKeyLength:
		c.fail(value.Pos, "the value of "+who+" has "+strconv.Itoa(n)+" characters", "it needs 20 to 128; leave it out to have one generated")
	case n > maxKeyLength:
		c.fail(value.Pos, "the value of "+who+" has "+strconv.Itoa(n)+" characters", "it needs 20 to 128")
	}
	if first, ok := values[value.Text]; ok {
		c.fail(value.Pos, who+" has the same value as the one on "+first.String(), "give each key its own value")
	}
	values[value.Text] = value.Pos
}

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/apigw"
	"gatehouse/internal/snapshot"
)

// routeRow is one line of the route table.
type routeRow struct {
	API      apigw.APIID     `json:"api"`
	Stage    apigw.StageName `json:"stage"`
	Method   string          `json:"method"`
	Path     string          `json:"path"`
	Target   string          `json:"target"`
	Public   bool            `json:"public"`
	Gates    []string        `json:"gates"`
	Enforced bool            `json:"enforced"`
}

// routeRows lists the routes of a snapshot. CORS preflights, OPTIONS answered by a mock, are public by
// design and are told apart from routes that run something.
func routeRows(s *snapshot.Snapshot) []routeRow {
	var rows []routeRow
	for _, api := range s.APIs() {
		for _, st := range api.Stages {
			for _, r := range st.Routes {
				gates := gatesOf(r)
				rows = append(rows, routeRow{
					API: api.ID, Stage: st.Name, Method: r.Verb, Path: r.Path, Target: targetOf(r),
					Public: len(gates) == 0, Gates: gates, Enforced: len(r.Unmodelled) == 0,
				})
			}
		}
	}
	slices.SortFunc(rows, func(a, b routeRow) int {
		return strings.Compare(string(a.API)+"\x00"+string(a.Stage)+"\x00"+a.Path+"\x00"+a.Method, string(b.API)+"\x00"+string(b.Stage)+"\x00"+b.Path+"\x00"+b.Method)
	})
	return rows
}

// guards are the needs that keep somebody out; the others only bound or check what comes in.
const guards = snapshot.NeedClientCert | snapshot.NeedFilter | snapshot.NeedEndpoint | snapshot.NeedSignature | snapshot.NeedPolicy |
	snapshot.NeedAuthorizer | snapshot.NeedDecision | snapshot.NeedKey | snapshot.NeedPlan

// gatesOf says in front of a route what stands between it and the world.
func gatesOf(r *snapshot.Route) []string {
	gates := []string{}
	for _, control := range r.Unmodelled {
		gates = append(gates, "REFUSED (not enforced yet: "+control+")")
	}
	if r.Stage.Private {
		gates = append(gates, "PRIVATE (VPC endpoint)")
	}
	if r.Needs.Has(snapshot.NeedSignature) {
		gates = append(gates, "IAM")
	}
	if r.Stage.Policy != nil {
		gates = append(gates, "POLICY")
	}
	if r.Needs.Has(snapshot.NeedKey) {
		gates = append(gates, "KEY "+plansOf(r))
	}
	if len(gates) == 0 && r.Needs&guards != 0 {
		// A guard without a word of its own must not make a route look open.
		gates = append(gates, "GUARDED")
	}
	return gates
}

func plansOf(r *snapshot.Route) string {
	if len(r.Stage.Plans) == 0 {
		return "(no usage plan covers this stage: every call is refused)"
	}
	var plans []string
	for _, p := range r.Stage.Plans {
		plans = append(plans, planOf(p, r))
	}
	slices.Sort(plans)
	return strings.Join(plans, " | ")
}

func planOf(p *snapshot.Plan, r *snapshot.Route) string {
	text := planName(p, r.Stage)
	if p.Limit != nil {
		text += fmt.Sprintf(" %s/s burst %d", number(p.Limit.Rate), p.Limit.Burst)
	}
	if l := p.Methods[r.MethodKey]; l != nil {
		text += fmt.Sprintf(" method %s/s", number(l.Rate))
	}
	if p.Quota != nil {
		text += fmt.Sprintf(" %d/%s", p.Quota.Limit, strings.ToLower(p.Quota.Period))
	}
	return text
}

// planName shortens {service}-{category}-{stage}, the name that Serverless gives a plan, to the category.
func planName(p *snapshot.Plan, st *snapshot.Stage) string {
	if p.Name == "" {
		return string(p.ID)
	}
	name, ok := strings.CutSuffix(p.Name, "-"+string(st.Name))
	if !ok {
		return p.Name
	}
	if i := strings.LastIndexByte(name, '-'); i >= 0 && len(st.Plans) > 1 {
		return name[i+1:]
	}
	return name
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func targetOf(r *snapshot.Route) string {
	in := &r.Integration
	switch in.Type {
	case snapshot.LambdaProxy, snapshot.Lambda:
		if in.Function == nil {
			return in.FunctionARN + " (missing)"
		}
		return string(in.Function.Name)
	case snapshot.HTTPProxy, snapshot.HTTP:
		return in.HTTP.Scheme + "://" + in.HTTP.Host
	case snapshot.MockMapped:
		return "mock"
	case snapshot.Mock:
		return "mock " + strconv.Itoa(in.Mock.Status)
	default:
		return "500: " + in.Reason
	}
}

const (
	red   = "\x1b[31;1m"
	green = "\x1b[32m"
	dim   = "\x1b[2m"
	reset = "\x1b[0m"
)

// paint colours a text on terminals.
func (s *Streams) paint(colour, text string) string {
	if !s.Terminal {
		return text
	}
	return colour + text + reset
}

// printRoutes prints the table with its column of gates.
func printRoutes(w io.Writer, s *Streams, rows []routeRow) {
	heads := [3]string{"METHOD", "PATH", "FUNCTION"}
	widths := [3]int{}
	for i, h := range heads {
		widths[i] = len(h)
	}
	cell := func(r *routeRow, i int) string { return [3]string{r.Method, r.Path, r.Target}[i] }
	for i := range rows {
		for c := range widths {
			widths[c] = max(widths[c], utf8.RuneCountInString(cell(&rows[i], c)))
		}
	}
	pad := func(text string, n int) string {
		return text + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(text)))
	}
	fmt.Fprintf(w, "  %s  %s  %s  %s\n", pad(heads[0], widths[0]), pad(heads[1], widths[1]), pad(heads[2], widths[2]), "GATES")
	for i := range rows {
		r := &rows[i]
		gates := strings.Join(r.Gates, ", ")
		switch {
		case r.Public && r.Method == "OPTIONS" && strings.HasPrefix(r.Target, "mock"):
			gates = s.paint(dim, "PUBLIC (CORS preflight)")
		case r.Public:
			gates = s.paint(red, "PUBLIC")
		case !r.Enforced:
			gates = s.paint(red, gates)
		}
		fmt.Fprintf(w, "  %s  %s  %s  %s\n", pad(r.Method, widths[0]), pad(r.Path, widths[1]), pad(r.Target, widths[2]), gates)
	}
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

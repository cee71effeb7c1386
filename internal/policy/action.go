package policy

import (
	"fmt"
	"strings"

	"gatehouse/internal/policy/condition"
)

// Action is an action that somebody asks for, such as execute-api:Invoke. Make it once and keep it.
type Action struct{ text, service, name string }

// ParseAction reads service:Name. Actions are compared without case, so the text is kept for messages.
func ParseAction(s string) (Action, error) {
	service, name, ok := strings.Cut(s, ":")
	if !ok || service == "" || name == "" || strings.ContainsAny(s, "*? \t\r\n") || strings.Contains(name, ":") {
		return Action{}, fmt.Errorf("%q is no action; write service:Action", s)
	}
	return Action{s, condition.Lower(service), condition.Lower(name)}, nil
}

// String is the action as it was written.
func (a Action) String() string { return a.text }

// actions are the compiled Action or NotAction.
type actions struct {
	not  bool
	list []actionPattern
}

type actionPattern struct {
	every   bool // "*" or "*:*"
	service string
	name    condition.Pattern
}

func compileActions(l List) actions {
	a := actions{not: l.Not}
	for _, v := range l.Values {
		service, name, _ := strings.Cut(condition.Lower(v), ":")
		// Without variables no text is a bad pattern.
		glob, _ := condition.ParsePattern(name, condition.Wildcards)
		a.list = append(a.list, actionPattern{v == "*" || v == "*:*", service, glob})
	}
	return a
}

func (a *actions) match(r *Request) bool {
	for i := range a.list {
		if p := &a.list[i]; p.every || p.service == r.Action.service && p.name.Match(r.Action.name, nil) {
			return !a.not
		}
	}
	return a.not
}

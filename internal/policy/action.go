package policy

import (
	"fmt"
	"strings"

	"gatehouse/internal/policy/condition"
)

// Action is an action that somebody asks for, such as execute-api:Invoke. Make it once and keep it.
type Action struct{ text, folded string }

// ParseAction reads service:Name. Actions are compared without case; the text is kept for messages.
func ParseAction(s string) (Action, error) {
	service, name, ok := strings.Cut(s, ":")
	if !ok || service == "" || name == "" || strings.ContainsAny(s, "*? \t\r\n") || strings.Contains(name, ":") {
		return Action{}, fmt.Errorf("%q is no action; write service:Action", s)
	}
	return Action{s, condition.Lower(s)}, nil
}

// String is the action as it was written.
func (a Action) String() string { return a.text }

// actions are the compiled Action or NotAction. No star can cross the colon, for the service of a pattern is written
// out and a name has no colon.
type actions struct {
	not  bool
	list []condition.Pattern
}

func compileActions(l List) actions {
	a := actions{not: l.Not}
	for _, v := range l.Values {
		p, _ := condition.ParsePattern(condition.Lower(v), condition.Wildcards) // no error without variables
		a.list = append(a.list, p)
	}
	return a
}

func (a *actions) match(r *Request) bool {
	for i := range a.list {
		if a.list[i].Match(r.Action.folded, nil) {
			return !a.not
		}
	}
	return a.not
}

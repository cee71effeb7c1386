package wire

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Coverage is what a service offers of its model.
type Coverage struct {
	Service string
	// Offered and Missing are operation names in the model's order.
	Offered, Missing []string
}

// Coverage lists the operations with and without a handler.
func (s *Service) Coverage() Coverage {
	c := Coverage{Service: s.model.Name}
	for _, op := range s.ops {
		if op.handler != nil {
			c.Offered = append(c.Offered, op.Name)
		} else {
			c.Missing = append(c.Missing, op.Name)
		}
	}
	return c
}

// WriteCoverage prints the coverage of services as a page of documentation in Markdown.
func WriteCoverage(w io.Writer, services ...*Service) error {
	var b strings.Builder
	b.WriteString("# What is offered of each AWS API\n\n" +
		"Generated from the operation tables; operations that are not offered answer 501. The last two columns are what\n" +
		"policies are asked: the action and, behind `arn:PARTITION:`, the resource, with fields of the input in braces.\n")
	for _, s := range services {
		c := s.Coverage()
		of := strconv.Itoa(len(s.ops))
		if s.model.Partial {
			of += " listed"
		}
		fmt.Fprintf(&b, "\n## %s (%s): %d of %s\n\n| operation | offered | action | resource |\n|---|---|---|---|\n",
			c.Service, s.model.Version, len(c.Offered), of)
		for _, op := range s.ops {
			mark, action, resource := "", "`"+op.Action+"`", "`*`"
			if op.handler != nil {
				mark = "yes"
			}
			if op.Resource != "" {
				resource = "`" + op.Resource + "`"
				if op.Resource[0] != '{' {
					resource = "`" + s.model.ARN + op.Resource + "`"
				}
			}
			switch {
			case op.Unsigned:
				action, resource = "none: needs no signature", ""
			case op.Unasked:
				action, resource = "none: decides itself", ""
			case op.Input == nil:
				resource = ""
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", op.Name, mark, action, resource)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

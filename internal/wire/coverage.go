package wire

import (
	"fmt"
	"io"
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
	if _, err := fmt.Fprint(w, "# What is offered of each AWS API\n\nGenerated from the operation tables; operations that are not offered answer 501.\n"); err != nil {
		return err
	}
	for _, s := range services {
		c := s.Coverage()
		if _, err := fmt.Fprintf(w, "\n## %s (%s): %d of %d\n\n| operation | offered |\n|---|---|\n",
			c.Service, s.model.Version, len(c.Offered), len(s.ops)); err != nil {
			return err
		}
		for _, op := range s.ops {
			mark := ""
			if op.handler != nil {
				mark = "yes"
			}
			if _, err := fmt.Fprintf(w, "| %s | %s |\n", op.Name, mark); err != nil {
				return err
			}
		}
	}
	return nil
}

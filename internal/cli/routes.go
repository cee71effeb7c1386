package cli

import (
	"context"
	"fmt"
	"slices"
)

type routesCmd struct {
	definitionFlags
	JSON   bool `help:"Print JSON."`
	Public bool `help:"Print only the routes that anybody can call; exit with 1 if there is one."`
}

func (c *routesCmd) Run(ctx context.Context, s *Streams) error {
	b, err := c.build(ctx, s)
	if err != nil {
		return err
	}
	defer b.server.Close()
	rows := routeRows(b.server.Snapshot())
	if c.Public {
		rows = slices.DeleteFunc(rows, func(r routeRow) bool { return !r.Public })
	}
	if c.JSON {
		if rows == nil {
			rows = []routeRow{}
		}
		if err := printJSON(s.Out, map[string]any{"routes": rows}); err != nil {
			return err
		}
	} else if len(rows) == 0 {
		fmt.Fprintln(s.Out, "no routes")
	} else {
		printRoutes(s.Out, s, rows)
	}
	if c.Public && len(rows) > 0 {
		return exit(ExitFindings, errSilent)
	}
	return nil
}

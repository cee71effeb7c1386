package counter

import (
	"context"
	"fmt"

	"gatehouse/internal/apigw"
	"gatehouse/internal/meter"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// Stored keeps totals in the table of usage.
type Stored struct {
	DB     store.DB
	Tables *tables.Tables
	Scope  store.Scope
}

var _ Totals = (*Stored)(nil)

// Load reads the days of a client.
func (s *Stored) Load(ctx context.Context, id ID, from, to meter.Day) ([]Total, error) {
	var totals []Total
	err := s.DB.View(ctx, func(tx store.Tx) error {
		totals = totals[:0]
		prefix := tables.UsageID(id.Plan, id.Key, "")
		// Days are written so that their order as text is their order in time.
		after := prefix + (from - 1).String()
		for u, err := range s.Tables.Usage.List(tx, s.Scope, prefix, after) {
			if err != nil {
				return err
			}
			day, err := meter.ParseDay(u.Day)
			if err != nil {
				return fmt.Errorf("usage of key %s in plan %s: %w", u.Key, u.Plan, err)
			}
			if day > to {
				break
			}
			totals = append(totals, Total{ID: id, Day: day, Used: u.Used, Granted: u.Granted})
		}
		return nil
	})
	return totals, err
}

// Save writes the days of some clients.
func (s *Stored) Save(ctx context.Context, totals []Total) error {
	_, err := s.DB.Update(ctx, func(tx store.Tx) error {
		for _, t := range totals {
			err := s.Tables.Usage.Put(tx, s.Scope, apigw.Usage{
				Plan: t.ID.Plan, Key: t.ID.Key, Day: t.Day.String(), Used: t.Used, Granted: t.Granted,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

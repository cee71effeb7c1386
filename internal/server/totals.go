package server

import (
	"context"

	"gatehouse/internal/apigw"
	"gatehouse/internal/counter"
	"gatehouse/internal/meter"
	"gatehouse/internal/store"
	"gatehouse/internal/tables"
)

// totals keeps the counters' daily totals in the table Usage.
type totals struct {
	db     store.DB
	tables *tables.Tables
	scope  store.Scope
}

// Load implements counter.Totals.
func (t *totals) Load(ctx context.Context, id counter.ID, from, to meter.Day) ([]counter.Total, error) {
	var out []counter.Total
	err := t.db.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		for u, err := range t.tables.Usage.List(tx, t.scope, tables.UsageID(id.Plan, id.Key, ""), "") {
			if err != nil {
				return err
			}
			day, err := meter.ParseDay(u.Day)
			if err != nil {
				return err
			}
			if from <= day && day <= to {
				out = append(out, counter.Total{ID: id, Day: day, Used: u.Used, Granted: u.Granted})
			}
		}
		return nil
	})
	return out, err
}

// Save implements counter.Totals.
func (t *totals) Save(ctx context.Context, all []counter.Total) error {
	_, err := t.db.Update(ctx, func(tx store.Tx) error {
		for _, one := range all {
			u := apigw.Usage{Plan: one.ID.Plan, Key: one.ID.Key, Day: one.Day.String(), Used: one.Used, Granted: one.Granted}
			if err := t.tables.Usage.Put(tx, t.scope, u); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

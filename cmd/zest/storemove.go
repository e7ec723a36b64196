package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

func (a *app) storeMoveCmd() *cobra.Command {
	var keep bool
	c := a.jsonFlag(&cobra.Command{
		Use:   "move FROM TO",
		Short: "Move everything to another store: SQLite to Postgres, or back",
		Long: `Copy every table of one store into an empty other one, then read both and compare
them row by row. A store is the path of an SQLite file or a postgres:// URL; the
password is best left to PGPASSWORD or a pgpass file.

A move that was interrupted goes on where it stopped when the same command is run
again. Afterwards the old store refuses to be used, because two stores that both
send would mail everybody twice; --keep leaves it in use (for a rehearsal), and
"zest store reopen" takes the refusal back.
` + exitHelp,
		Example: "  zest store move zest.db postgres://zest@db.example.org/zest\n  zest store move --keep zest.db rehearsal.db",
		Args:    exactly(2),
		RunE: func(c *cobra.Command, args []string) error {
			return a.moveStore(c.Context(), args[0], args[1], keep)
		},
	})
	c.Flags().BoolVar(&keep, "keep", false, "leave the old store in use")
	return c
}

func (a *app) storeReopenCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "reopen STORE",
		Short: "Use a store again whose content was moved elsewhere",
		Long: `Take back that a store's content was moved, for when the move is given up. What
was sent from the new store meanwhile is not known to this one.
` + exitHelp,
		Example: "  zest store reopen zest.db",
		Args:    exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := a.openStore(c.Context(), args[0], false)
			if err != nil {
				return err
			}
			defer s.Close()
			if err := s.Reopen(c.Context()); errors.Is(err, digest.ErrNotFound) {
				return &digest.InvalidError{Field: "store", Value: storeName(args[0]), Reason: "was not moved; it is in use already"}
			} else if err != nil {
				return err
			}
			a.printf("%s is in use again.\n", storeName(args[0]))
			return nil
		},
	}
}

// openStore opens a store that a command was given, in whichever state a move
// left it. An SQLite file that is only read must be there.
func (a *app) openStore(ctx context.Context, where string, create bool) (*store.Store, error) {
	if !create && !strings.Contains(where, "://") {
		if err := mustExist(where); err != nil {
			return nil, err
		}
	}
	s, err := store.Open(ctx, where, store.Options{Moving: true, Now: a.now})
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", storeName(where), err)
	}
	return s, nil
}

// storeName is how a store is called where others can read it: without the
// password that its URL may hold.
func storeName(where string) string {
	if u, err := url.Parse(where); err == nil && u.Scheme != "" && u.Host != "" {
		if u.User != nil {
			u.User = url.User(u.User.Username())
		}
		u.RawQuery = ""
		return u.String()
	}
	if full, err := filepath.Abs(where); err == nil {
		return full
	}
	return where
}

func (a *app) moveStore(ctx context.Context, where, to string, keep bool) (err error) {
	if storeName(where) == storeName(to) {
		return usagef("both are %s; name two stores", storeName(to))
	}
	from, err := a.openStore(ctx, where, false)
	if err != nil {
		return err
	}
	defer from.Close()
	target, err := a.openStore(ctx, to, true)
	if err != nil {
		return err
	}
	defer target.Close()
	o := store.MoveOptions{Name: storeName(to)}
	if keep {
		o.Name = ""
	}
	bars := a.progress()
	var bar *mpb.Bar
	shown := ""
	o.Progress = func(table, doing string, rows, total int) {
		if shown != doing+table {
			shown, bar = doing+table, bars.bar(doing+" "+table, int64(total))
		}
		if bar != nil {
			bar.SetCurrent(int64(rows))
		}
	}
	sums, err := store.Move(ctx, from, target, o)
	bars.finish()
	if err != nil {
		return fmt.Errorf("moving the store: %w", err)
	}
	return a.tellMove(storeName(to), sums, keep)
}

type sumJSON struct {
	Table string `json:"table"`
	Rows  int    `json:"rows"`
	Sum   string `json:"sum"`
}

func (a *app) tellMove(to string, sums []store.Sum, keep bool) error {
	rows := 0
	for _, s := range sums {
		rows += s.Rows
		if a.json {
			if err := a.line(sumJSON{s.Table, s.Rows, s.Hash}); err != nil {
				return err
			}
			continue
		}
		a.printf("%-20s %9d rows  %s\n", s.Table, s.Rows, s.Hash)
	}
	if a.json {
		return nil
	}
	a.printf("%s in %s, the same in both stores.\n", count(rows, "row", "rows"), count(len(sums), "table", "tables"))
	if keep {
		a.printf("The old store stays in use.\n")
		return nil
	}
	a.printf("Set `store: %s` in the configuration; the old store refuses to be used from now on.\n", to)
	return nil
}

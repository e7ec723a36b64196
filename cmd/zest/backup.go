package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest/store"
)

func (a *app) storeBackupCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "backup [FILE]",
		Short: "Copy the store to a file, while it is in use",
		Long: `Write a copy of an SQLite store, as it stands at one moment, to FILE, or beside the
store under the time of day. A file that is there is never overwritten. It holds
every reader's address and the key that links are signed with: keep it as you keep
those. A Postgres store is backed up by pg_dump.
` + exitHelp,
		Example: "  zest store backup\n  zest store backup /srv/backup/zest-$(date +%F).db",
		Args:    atMost(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				file := m.config.Store + "." + a.now().UTC().Format("20060102-150405")
				if len(args) > 0 {
					file = args[0]
				}
				err := m.store.Backup(ctx, file)
				if errors.Is(err, fs.ErrExist) {
					return usagef("%s is there already, and is left as it is", file)
				}
				if err != nil {
					return err
				}
				info, err := os.Stat(file)
				if err != nil {
					return err
				}
				a.printf("%s written, %s.\n", file, bytesize(int(info.Size())))
				return nil
			})
		},
	}
}

func (a *app) storeRestoreCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the store",
		Long: `Check a backup and put it in the place of an SQLite store; stop zest first. What was
there is kept beside it. Nothing is sent from what was restored before you say
zest store accept: it does not know what was sent since the backup.
` + exitHelp,
		Example: "  zest store restore /srv/backup/zest-2026-11-23.db",
		Args:    exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := a.loadConfig()
			if err != nil {
				return err
			}
			if err := mustExist(args[0]); err != nil {
				return err
			}
			kept, err := store.Restore(c.Context(), args[0], cfg.Store, a.now())
			if err != nil {
				return fmt.Errorf("restoring: %w", err)
			}
			if kept != "" {
				a.printf("what was there is kept as %s.\n", kept)
			}
			a.printf("%s is restored. Look at `zest editions list` and `zest schedule list`; `zest store accept` lets it send.\n", cfg.Store)
			return nil
		},
	}
}

func (a *app) storeCheckCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Examine the store: its structure, and its books",
		Long: `Ask the database whether its own structure is whole, and whether every edition's
books close. A large store takes minutes.
` + exitHelp,
		Example: "  zest store check",
		Args:    exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				bad, err := m.store.Sound(ctx)
				if err != nil {
					return fmt.Errorf("examining the store: %w", err)
				}
				books, err := m.store.Check(ctx, 0)
				if err != nil {
					return fmt.Errorf("examining the books: %w", err)
				}
				for _, p := range append(bad, books...) {
					a.printf("%s %s\n", a.paint(red, "problem:"), p)
				}
				if len(bad)+len(books) > 0 {
					return errors.New("the store is not sound; keep a copy of it, then restore the last backup: zest store restore")
				}
				a.printf("the store is sound, and the books close.\n")
				return nil
			})
		},
	}
}

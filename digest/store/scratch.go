package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// MakeDatabase makes a database beside the one that a postgres:// address names.
// It is for tests: what they do must not meet what is there.
func MakeDatabase(ctx context.Context, where, name string) error {
	return onServer(ctx, where, `CREATE DATABASE `+pgx.Identifier{name}.Sanitize())
}

// DropDatabase drops what [MakeDatabase] made, and whoever is connected to it.
func DropDatabase(ctx context.Context, where, name string) error {
	return onServer(ctx, where, `DROP DATABASE IF EXISTS `+pgx.Identifier{name}.Sanitize()+` WITH (FORCE)`)
}

// CutDatabase does to a database's clients what a restart of the server does:
// every connection breaks, and for some time none is taken.
func CutDatabase(ctx context.Context, where, name string, away time.Duration) error {
	id := pgx.Identifier{name}.Sanitize()
	err := onServer(ctx, where, `ALTER DATABASE `+id+` WITH ALLOW_CONNECTIONS false`,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '`+name+`'`)
	if err == nil {
		time.Sleep(away)
	}
	return errors.Join(err, onServer(ctx, where, `ALTER DATABASE `+id+` WITH ALLOW_CONNECTIONS true`))
}

func onServer(ctx context.Context, where string, statements ...string) error {
	db, err := sql.Open("pgx", where)
	if err != nil {
		return cleaned(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return cleaned(err)
		}
	}
	return nil
}

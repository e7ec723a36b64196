package selftest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest/store"
)

// scratch is a database of one trial's own on the operator's Postgres.
type scratch struct {
	admin   string // the address that was given
	name    string
	address string
}

func newScratch(ctx context.Context, admin string) (*scratch, error) {
	u, err := url.Parse(admin)
	if err != nil {
		return nil, errors.New("the address of the store cannot be read") // it may hold a password
	}
	s := &scratch{admin: admin, name: "zest_selftest_" + strings.ToLower(rand.Text()[:8])}
	if err := store.MakeDatabase(ctx, admin, s.name); err != nil {
		return nil, fmt.Errorf("making a database for the test (its user needs CREATEDB): %w", err)
	}
	u.Path = "/" + s.name
	s.address = u.String()
	return s, nil
}

func (s *scratch) drop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := store.DropDatabase(ctx, s.admin, s.name); err != nil {
		return fmt.Errorf("dropping the database %s of the test: %w", s.name, err)
	}
	return nil
}

// databaseRestart takes the database away three times in the middle of a send.
// The send may survive that or end; another goes on.
func databaseRestart(ctx context.Context, s *stage) error {
	for i := range 3 {
		p, err := s.start(0)
		if err != nil {
			return err
		}
		s.taken(p, len(s.emails)/6)
		if err := s.restart(ctx); err != nil {
			return err
		}
		q, err := s.start(0) // while the first may still run, without its lock
		if err != nil {
			return err
		}
		s.kills++ // what was in flight is in doubt, as after a kill
		for _, p := range []*process{p, q} {
			if status := p.status(); status == 2 || status < 0 {
				return fmt.Errorf("a send without its database ended with status %d: %s", status, strings.TrimSpace(p.out.String()))
			}
		}
		s.tick(float64(i+1) / 3)
	}
	return nil
}

// restart takes the database away for a moment.
func (s *stage) restart(ctx context.Context) error {
	if s.options.Restart == "" {
		return store.CutDatabase(ctx, s.options.Store, s.scratch.name, time.Second)
	}
	if out, err := exec.CommandContext(ctx, "sh", "-c", s.options.Restart).CombinedOutput(); err != nil {
		return fmt.Errorf("restarting the database by %q: %w: %s", s.options.Restart, err, out)
	}
	return nil
}

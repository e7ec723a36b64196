package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest/store"
)

// guard is what this machine can say of itself: where it may remember something
// outside of a store, and which one it is.
func (a *app) guard() store.Guard {
	return store.Guard{Dir: a.stateDir(), Host: a.hostID()}
}

// stateDir is the folder for what a machine remembers: systemd's, or the one of
// the XDG base directories.
func (a *app) stateDir() string {
	if dir := a.getenv("STATE_DIRECTORY"); dir != "" {
		return dir
	}
	if home := a.getenv("HOME"); home != "" || a.getenv("XDG_STATE_HOME") != "" {
		return filepath.Join(cmp.Or(a.getenv("XDG_STATE_HOME"), filepath.Join(home, ".local", "state")), "zest")
	}
	return ""
}

// hostID tells machines apart without saying which is which (machine-id(5) asks
// for a hash). A container has an id of its own every time it is made, so it has
// none here.
func (a *app) hostID() string {
	if _, err := os.Stat("/.dockerenv"); err == nil || a.getenv("container") != "" {
		return ""
	}
	id := ""
	if raw, err := os.ReadFile("/etc/machine-id"); err == nil {
		id = strings.TrimSpace(string(raw))
	} else if runtime.GOOS != "linux" {
		id, _ = os.Hostname()
	}
	if id == "" || id == "uninitialized" {
		return ""
	}
	sum := sha256.Sum256([]byte("zest\x00" + id))
	return hex.EncodeToString(sum[:8])
}

func (a *app) storeAcceptCmd() *cobra.Command {
	return &cobra.Command{
		Use: "accept", Short: "Let a restored or moved store send again", Args: exactly(0),
		Long: `A store that is older than what was sent from this machine, or that last sent on
another one, sends nothing until you say that it is right: it would send again
what it does not know of. Look first: zest editions list, zest schedule list; leave
out what must not go: zest schedule skip, zest editions cancel.
` + exitHelp,
		Example: "  zest store accept",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				if err := m.store.Vouch(ctx, a.guard()); err != nil {
					return err
				}
				a.printf("this store may send from here again.\n")
				return nil
			})
		},
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/config"
	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
	"github.com/zest-digest/zest/digest/render"
	"github.com/zest-digest/zest/digest/web"
)

// pages makes what readers meet.
func (m *machine) pages(ctx context.Context, newsletters []digest.Newsletter) (*web.Server, error) {
	keys, err := m.keyring(ctx)
	if err != nil {
		return nil, err
	}
	var proxies []netip.Prefix
	for _, s := range m.config.Web.TrustedProxies {
		p, err := config.ParsePrefix(s)
		if err != nil {
			return nil, err // the configuration was checked
		}
		proxies = append(proxies, p)
	}
	var own fs.FS
	if m.config.Templates != "" {
		own = os.DirFS(m.config.Templates)
	}
	return web.New(web.Options{
		Store: m.store, Keys: keys, Rekey: m.keyring, Newsletters: newsletters, Templates: own, Accents: render.Accents, Notify: notifier{m},
		Address: address.Parse, Proxies: proxies, Networks: m.config.Web.RecordNetwork, Log: m.a.log, Now: m.a.now,
	})
}

func (a *app) archiveCmd() *cobra.Command {
	c := &cobra.Command{Use: "archive", Short: "The public archive of past editions"}
	group(c)
	c.AddCommand(a.archiveBuildCmd())
	return c
}

func (a *app) archiveBuildCmd() *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "build DIR",
		Short: "Write the archive as files that any web server can hand out",
		Long: `Write past editions, topics and feeds as HTML, XML and JSON files below DIR. Links
between them are relative, so that the folder can stand anywhere; the forms that
only a server can answer lead to public_url. Nothing of any reader is in them.
Files of an earlier build are overwritten, others in the folder are left alone.
` + exitHelp,
		Example: "  zest archive build public\n  zest archive build --newsletter weekly /srv/www/weekly",
		Args:    exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				return m.buildArchive(ctx, args[0], name)
			})
		},
	}
	c.Flags().StringVar(&name, "newsletter", "", "only this `newsletter`")
	return c
}

func (m *machine) buildArchive(ctx context.Context, dir, name string) error {
	var names []string
	if name != "" {
		names = []string{name}
	}
	newsletters, err := m.newsletters(names)
	if err != nil {
		return err
	}
	pages, err := m.pages(ctx, newsletters)
	if err != nil {
		return err
	}
	files := 0
	editions, err := pages.Build(ctx, func(name string, body []byte) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		files++
		return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, body, 0o644))
	})
	if err != nil {
		return err
	}
	m.a.printf("%d editions in %d files below %s\n", editions, files, dir)
	return nil
}

func (a *app) keysCmd() *cobra.Command {
	c := &cobra.Command{Use: "keys", Short: "The keys that readers' links are signed with"}
	group(c)
	c.AddCommand(a.keysListCmd(), a.keysRotateCmd())
	return c
}

// keyLine is one key, as the list shows it.
type keyLine struct {
	Key     string `json:"key"`
	Signs   bool   `json:"signs"`
	Created string `json:"created,omitempty"`
	Retired string `json:"retired,omitempty"`
}

func (a *app) keysListCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "Show which key signs, and which still open",
		Long:    "Show the keys of links by their names, never the keys themselves.\n" + exitHelp,
		Example: "  zest keys list",
		Args:    exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				if m.config.Web.Secret != "" {
					return errKeysConfigured
				}
				keys, err := m.store.LinkKeys(ctx)
				if errors.Is(err, digest.ErrNotFound) {
					return nil // nothing was ever signed
				}
				if err != nil {
					return err
				}
				for _, k := range keys {
					line := keyLine{Key: digest.NewKeyring(k.Secret).KeyID(), Signs: k.Retired.IsZero(), Created: day(k.Created), Retired: day(k.Retired)}
					if err := a.showKey(line); err != nil {
						return err
					}
				}
				return nil
			})
		},
	})
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func (a *app) showKey(k keyLine) error {
	if a.json {
		return a.line(k)
	}
	state := "signs"
	if !k.Signs {
		state = "opens only, since " + k.Retired
	}
	a.printf("%s  %s\n", k.Key, state)
	return nil
}

var errKeysConfigured = &digest.InvalidError{Field: "web.secret", Reason: "is set in the configuration, so keys are rotated there: move it to web.old_secret, and set a new one"}

// leastKeep is how long links must go on working: CASL asks for 60 days.
const leastKeep = 60 * 24 * time.Hour

func (a *app) keysRotateCmd() *cobra.Command {
	keep := "400d"
	var leaked bool
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Sign with a new key from now on",
		Long: `Make a new key that signs the links of messages from now on. Links that were
signed before go on working: their keys are forgotten after --keep, which is at
least 60 days, for so long a reader must be able to leave by any message. An
edition that is being sent goes on under the key that it began with, so that a
message that is tried again is the same. A running "zest serve" notices by itself.

When a key leaked, --leaked forgets all old keys at once: then no link in any
message sent so far works, not even to unsubscribe, and what is tried again of an
edition that is being sent looks like new mail.
` + exitHelp,
		Example: "  zest keys rotate\n  zest keys rotate --keep 90d",
		Args:    exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			life, err := config.ParseDuration(keep)
			if err != nil || life < leastKeep {
				return usagef("--keep %s: must be a time of 60 days or more, for example 90d", keep)
			}
			if leaked {
				life = 0
			}
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error { return m.rotateKeys(ctx, life) })
		},
	}
	c.Flags().StringVar(&keep, "keep", keep, "for how long old links work; a `time`")
	c.Flags().BoolVar(&leaked, "leaked", false, "forget all old keys: no link sent so far works any more")
	return c
}

func (m *machine) rotateKeys(ctx context.Context, keep time.Duration) error {
	if m.config.Web.Secret != "" {
		return errKeysConfigured
	}
	forgotten, err := m.store.RotateKeys(ctx, keep)
	if err != nil {
		return err
	}
	keys, err := m.keyring(ctx)
	if err != nil {
		return fmt.Errorf("reading the new key: %w", err)
	}
	m.a.printf("key %s signs from now on; %d forgotten\n", keys.KeyID(), forgotten)
	return nil
}

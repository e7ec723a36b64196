package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/config"
)

func (a *app) configCmd() *cobra.Command {
	c := group(&cobra.Command{Use: "config", Short: "Check and show the configuration"})
	var smtp bool
	check := a.jsonFlag(&cobra.Command{
		Use: "check", Short: "Check the configuration; report every problem at once", Args: exactly(0),
		Long:    "Check the configuration and report every problem at once, with file and line.\n--smtp also connects to the mail server, as a delivery would, and says goodbye.\n" + exitHelp,
		Example: "  zest config check --config /etc/zest/zest.yaml\n  zest config check --smtp",
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := a.loadConfig()
			if err != nil {
				return err
			}
			if err := a.checkConfig(cfg); err != nil || !smtp {
				return err
			}
			return a.probe(c.Context(), cfg)
		},
	})
	check.Flags().BoolVar(&smtp, "smtp", false, "also connect to the mail server: TLS, login, what it offers")
	c.AddCommand(check,
		&cobra.Command{
			Use: "show", Short: "Show every setting in force, secrets masked", Args: exactly(0),
			Example: "  zest config show",
			RunE: func(*cobra.Command, []string) error {
				cfg, err := a.loadConfig()
				if err != nil {
					return err
				}
				shown, err := cfg.Masked()
				if err != nil {
					return err
				}
				a.printf("# %s\n%s", cfg.File(), shown)
				return nil
			},
		},
	)
	return c
}

// checkConfig checks what only the stages can: rules compile, themes load.
func (a *app) checkConfig(c *config.Config) error {
	if _, err := renderer(c); err != nil {
		return err
	}
	if _, err := siteRules(c.SiteRules); err != nil {
		return err
	}
	for _, written := range c.Newsletters {
		n, err := c.Newsletter(written.Name)
		if err != nil {
			return err
		}
		if a.json {
			if err := a.line(map[string]any{"newsletter": n.Name, "sources": len(n.Sources), "lists": n.Lists}); err != nil {
				return err
			}
			continue
		}
		a.printf("%s  %s, lists %v\n", a.paint(bold, n.Name), count(len(n.Sources), "source", "sources"), n.Lists)
	}
	if !a.json {
		a.printf("%s is fine.\n", c.File())
	}
	return nil
}

// probe connects to the mail server and tells what it can do.
func (a *app) probe(ctx context.Context, c *config.Config) error {
	s, err := a.sender(c, nil)
	if err != nil {
		return err
	}
	can, err := s.Probe(ctx)
	if err != nil {
		return fmt.Errorf("the mail server: %w", err)
	}
	if !serverOut(c) {
		a.printf("mail leaves by %s, which is there.\n", wayOut(c))
		return nil
	}
	if a.json {
		return a.line(map[string]any{"smtp": c.SMTP.Host, "encrypted": can.Encrypted, "login": can.Auth, "pipelining": can.Pipelining,
			"chunking": can.Chunking, "dsn": can.DSN, "smtputf8": can.SMTPUTF8, "size": can.Size})
	}
	a.printf("the mail server answers: encrypted %v, login %v, pipelining %v, DSN %v, SMTPUTF8 %v\n", can.Encrypted, can.Auth, can.Pipelining, can.DSN, can.SMTPUTF8)
	return nil
}

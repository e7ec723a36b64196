package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
)

func (a *app) suppressCmd() *cobra.Command {
	c := group(&cobra.Command{
		Use: "suppress", Short: "Addresses and domains that get nothing, whatever the lists say",
		Long: `Addresses and domains that get nothing, whatever the lists say: dead ones, those
of readers who complained, and those you add. They are kept as keyed hashes, so
that they outlive the erasure of a reader without naming anybody.
` + exitHelp,
	})
	c.AddCommand(a.suppressAddCmd(), a.suppressRemoveCmd(), a.suppressListCmd(), a.suppressImportCmd(), a.suppressExportCmd())
	return c
}

var hashForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// parseSuppressed reads an address, "@domain" or a domain, or a hash as the list
// shows it.
func parseSuppressed(s string) (digest.Suppression, error) {
	s = strings.TrimSpace(s)
	switch {
	case hashForm.MatchString(s):
		return digest.Suppression{Hash: s}, nil
	case strings.HasPrefix(s, "@") || !strings.Contains(s, "@") && strings.Contains(s, "."):
		email, err := parseAddress("domain", "postmaster@"+strings.TrimPrefix(s, "@"))
		return digest.Suppression{Domain: address.Domain(email), Scope: digest.ScopeDomain}, err
	}
	email, err := parseAddress("address", s)
	return digest.Suppression{Email: email, Scope: digest.ScopeAddress}, err
}

func (a *app) suppressAddCmd() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "add ADDRESS|DOMAIN...", Short: "Send nothing to an address or a whole domain any more", Args: atLeast(1),
		Long:    "Send nothing to an address or a whole domain any more. A domain does not include\nits subdomains.\n" + exitHelp,
		Example: "  zest suppress add camille@example.org --reason \"asked by phone\"\n  zest suppress add @example.net",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				for _, arg := range args {
					x, err := parseSuppressed(arg)
					if err != nil {
						return err
					}
					x.Reason, x.Source, x.Since = reason, "operator", a.now()
					added, err := m.store.AddSuppression(ctx, x)
					if err != nil {
						return err
					}
					a.printf("%s %s.\n", arg, map[bool]string{true: "is suppressed", false: "was suppressed already"}[added])
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&reason, "reason", "operator", "`why`, for the list")
	return c
}

func (a *app) suppressRemoveCmd() *cobra.Command {
	return &cobra.Command{
		Use: "remove ADDRESS|DOMAIN|HASH...", Short: "Let an address or a domain get mail again", Args: atLeast(1),
		Long:    "Let an address or a domain get mail again. Do it for who asked you to; a dead\naddress bounces again, and that costs you your standing with providers.\n" + exitHelp,
		Example: "  zest suppress remove camille@example.org",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				for _, arg := range args {
					x, err := parseSuppressed(arg)
					if err != nil {
						return err
					}
					lifted, err := m.store.RemoveSuppression(ctx, x)
					if err != nil {
						return err
					}
					a.printf("%s %s.\n", arg, map[bool]string{true: "may get mail again", false: "was not suppressed"}[lifted])
				}
				return nil
			})
		},
	}
}

type suppressionJSON struct {
	Scope   string `json:"scope"`
	Address string `json:"address,omitempty"`
	Domain  string `json:"domain,omitempty"`
	Hash    string `json:"hash"`
	Reason  string `json:"reason"`
	Source  string `json:"source"`
	Since   string `json:"since"`
}

func newSuppression(x digest.Suppression) suppressionJSON {
	return suppressionJSON{string(x.Scope), x.Email, x.Domain, x.Hash, x.Reason, x.Source, stamp(x.Since)}
}

func (a *app) suppressListCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "list", Short: "List what is suppressed, and why", Args: exactly(0),
		Long:    "List what is suppressed, and why. Where no reader has the address any more, only\nits hash is left.\n" + exitHelp,
		Example: "  zest suppress list --json",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				var rows [][]string
				err := m.store.Suppressions(ctx, func(x digest.Suppression) error {
					if a.json {
						return a.line(newSuppression(x))
					}
					who := x.Email
					if x.Domain != "" {
						who = "@" + x.Domain
					}
					if who == "" {
						who = x.Hash
					}
					rows = append(rows, []string{who, x.Reason, x.Source, x.Since.Local().Format("2006-01-02")})
					return nil
				})
				if err == nil && !a.json && len(rows) > 0 {
					a.table([]string{"who", "reason", "source", "since"}, rows)
				}
				return err
			})
		},
	})
}

func (a *app) suppressImportCmd() *cobra.Command {
	var reason string
	c := a.jsonFlag(&cobra.Command{
		Use: "import FILE", Short: "Suppress the addresses, domains and hashes of a file", Args: exactly(1),
		Long: `Suppress what stands in the first column of a file ("-" for standard input), one a
line: addresses, domains, or hashes that "zest suppress export" of this store
wrote. A second column is the reason. A bad line costs only itself.
` + exitHelp,
		Example: "  zest suppress import blocklist.csv --reason \"from the old system\"",
		RunE: func(c *cobra.Command, args []string) error {
			in := a.stdin
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return usagef("reading the file: %w", err)
				}
				defer f.Close()
				in = f
			}
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error { return m.suppressFile(ctx, in, reason) })
		},
	})
	c.Flags().StringVar(&reason, "reason", "import", "`why`, where the file does not say")
	return c
}

func (m *machine) suppressFile(ctx context.Context, in io.Reader, reason string) error {
	sheet := csv.NewReader(bufio.NewReader(in))
	sheet.FieldsPerRecord, sheet.LazyQuotes = -1, true
	var added, there, refused int
	for {
		cells, err := sheet.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("reading the file: %w", err)
		}
		line, _ := sheet.FieldPos(0)
		if line == 1 && !strings.ContainsAny(cells[0], "@.") && !hashForm.MatchString(cells[0]) || strings.TrimSpace(cells[0]) == "" {
			continue // headings, and empty lines
		}
		x, err := parseSuppressed(cells[0])
		if err != nil {
			refused++
			m.a.notef("line %d: %v", line, err)
			continue
		}
		x.Reason, x.Source, x.Since = reason, "operator", m.a.now()
		if len(cells) > 1 && strings.TrimSpace(cells[1]) != "" {
			x.Reason = strings.TrimSpace(cells[1])
		}
		if x.Hash != "" && len(cells) > 2 && cells[2] == string(digest.ScopeDomain) {
			x.Scope = digest.ScopeDomain
		}
		isNew, err := m.store.AddSuppression(ctx, x)
		if err != nil {
			return err
		}
		if isNew {
			added++
		} else {
			there++
		}
	}
	if m.a.json {
		return m.a.line(map[string]int{"added": added, "there": there, "refused": refused})
	}
	m.a.printf("%d suppressed, %d were already, %d refused\n", added, there, refused)
	return nil
}

func (a *app) suppressExportCmd() *cobra.Command {
	return &cobra.Command{
		Use: "export", Short: "Print what is suppressed as CSV", Args: exactly(0),
		Long:    "Print what is suppressed as CSV: the hash, the reason, the scope, the source, since\nwhen. It names nobody; `zest suppress import` of a store with the same secret reads\nit back.\n" + exitHelp,
		Example: "  zest suppress export > suppressed.csv",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				sheet := csv.NewWriter(a.stdout)
				err := sheet.Write([]string{"hash", "reason", "scope", "source", "since"})
				if err != nil {
					return err
				}
				err = m.store.Suppressions(ctx, func(x digest.Suppression) error {
					return sheet.Write([]string{x.Hash, guardCell(x.Reason), string(x.Scope), guardCell(x.Source), stamp(x.Since)})
				})
				sheet.Flush()
				return errors.Join(err, sheet.Error())
			})
		},
	}
}

// guardCell keeps a spreadsheet from calculating words that came from outside.
func guardCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

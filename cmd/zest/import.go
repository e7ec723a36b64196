package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/roster"
	"github.com/zest-digest/zest/digest/store"
)

// importFlags are what the operator says of a file.
type importFlags struct {
	plan               bool
	delimiter, charset string
	format             string
	columns, kinds     map[string]string
	refused            string
}

func (a *app) subsImportCmd() *cobra.Command {
	var o importFlags
	c := a.jsonFlag(&cobra.Command{
		Use:   "import LIST FILE",
		Short: "Add readers from a file: CSV, JSON lines, or another program's export",
		Long: `Add readers who agreed to it from a file ("-" for standard input): CSV with any
delimiter and charset, JSON lines, or an export of listmonk, Mailchimp or Ghost.
Nobody who left or is suppressed comes back; who left there is remembered as
having left; a bad row is named with its line and costs only itself. Columns
without a meaning become attributes of the reader, as text unless --type says
otherwise. What readers chose (topics, cadence, snooze, hour, zone) is taken
from an export of zest, or where --column says so, for readers who are new or
chose nothing yet.

--plan shows what would happen. Killed half-way, the same command goes on. What
an import did can be taken back: zest subscribers undo IMPORT.
` + exitHelp,
		Example: `  zest subscribers import weekly readers.csv --plan
  zest subscribers import weekly readers.csv
  zest subscribers import weekly kontakte.csv --column Kontakt=email --type Alter=number`,
		Args: exactly(2),
		RunE: func(c *cobra.Command, args []string) error {
			mode := readWrite
			if o.plan {
				mode = readOnly
			}
			return a.with(c.Context(), mode, func(ctx context.Context, m *machine) error {
				if err := m.knownList(args[0]); err != nil {
					return err
				}
				return m.importFile(ctx, args[0], args[1], o)
			})
		},
	})
	f := c.Flags()
	f.BoolVar(&o.plan, "plan", false, "show what would change, and change nothing")
	f.StringToStringVar(&o.columns, "column", nil, "what a column means, `HEADING=MEANING`: "+strings.Join(roster.Meanings, ", "))
	f.StringToStringVar(&o.kinds, "type", nil, "the type of an attribute, `HEADING=TYPE`: text, number, yesno, date, list")
	f.StringVar(&o.delimiter, "delimiter", "", "the `character` between columns (default: found out)")
	f.StringVar(&o.charset, "charset", "", "the file's `charset`, such as macintosh (default: UTF-8, UTF-16 or windows-1252, found out)")
	f.StringVar(&o.format, "format", "", "csv or jsonl (default: found out)")
	f.StringVar(&o.refused, "refused", "", "write the refused rows to this `file`, as CSV: line, reason")
	return c
}

// reader says how a file is to be read.
func (o importFlags) reader() (roster.Options, error) {
	r := roster.Options{Format: roster.Format(o.format), Charset: o.charset, Columns: o.columns, Kinds: map[string]roster.Kind{}}
	if o.format != "" && r.Format != roster.FormatCSV && r.Format != roster.FormatJSONLines {
		return r, &digest.InvalidError{Field: "--format", Value: o.format, Reason: "is neither csv nor jsonl"}
	}
	for heading, kind := range o.kinds {
		r.Kinds[heading] = roster.Kind(kind)
	}
	switch d := []rune(strings.ReplaceAll(o.delimiter, `\t`, "\t")); len(d) {
	case 0:
	case 1:
		r.Delimiter = d[0]
	default:
		return r, &digest.InvalidError{Field: "--delimiter", Value: o.delimiter, Reason: "is more than one character"}
	}
	return r, nil
}

// upload is a file on its way in.
type upload struct {
	m       *machine
	list    string
	flags   importFlags
	read    int64
	print   hash.Hash
	report  func(int64)
	sheet   *csv.Writer // of refused rows; nil for none
	refused int
}

// from counts and hashes what is read of the file.
func (u *upload) from(in io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := in.Read(p)
		u.print.Write(p[:n])
		u.read += int64(n)
		u.report(u.read)
		return n, err
	})
}

type readerFunc func([]byte) (int, error)

// Read calls f.
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// importMemory is what garbage may grow to beside an import: its rows are
// short-lived, and collecting them is cheap.
const importMemory = 48 << 20

// importFile puts the readers of a file on a list. A bad row is named and costs
// only itself.
func (m *machine) importFile(ctx context.Context, list, path string, o importFlags) (err error) {
	options, err := o.reader()
	if err != nil {
		return err
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(importMemory))
	u := &upload{m: m, list: list, flags: o, print: sha256.New(), report: func(int64) {}}
	in := m.a.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return usagef("reading the import: %w", err)
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			u.report = m.bars.track("reading", info.Size())
		}
		in = f
	}
	if o.refused != "" {
		out, err := os.Create(o.refused)
		if err != nil {
			return usagef("writing the refused rows: %w", err)
		}
		u.sheet = csv.NewWriter(out)
		defer func() { u.sheet.Flush(); err = errors.Join(err, u.sheet.Error(), out.Close()) }()
		u.sheet.Write([]string{"line", "reason"})
	}
	fmt.Fprintln(u.print, list, options) // maps print in the order of their keys
	file, err := roster.NewReader(u.from(bufio.NewReaderSize(in, 256<<10)), options)
	if err != nil {
		return err
	}
	var done func(int64)
	imp, err := m.store.Import(ctx, store.ImportOptions{
		List: list, File: filepath.Base(path), Plan: o.plan,
		Fingerprint: func() string { return hex.EncodeToString(u.print.Sum(nil)) },
		Progress: func(n, total int) {
			if done == nil {
				done = m.bars.track("writing", int64(total))
			}
			done(int64(n))
		},
	}, u.rows(file))
	if err != nil {
		return err
	}
	return m.tellImport(imp, u.refused, o.plan)
}

// rows are what can be used of a file.
func (u *upload) rows(file *roster.Reader) iter.Seq2[digest.ImportRow, error] {
	topics := u.topics()
	return func(yield func(digest.ImportRow, error) bool) {
		for row, err := range file.Rows() {
			if err != nil {
				yield(digest.ImportRow{}, fmt.Errorf("reading the import: %w", err))
				return
			}
			if row.Refused == nil && len(row.Choice.Topics) > 0 {
				row.Choice.Topics, row.Refused = topics(row.Choice.Topics)
			}
			if row.Refused != nil {
				u.refuse(row)
				continue
			}
			r := digest.ImportRow{Line: row.Line, State: cmp.Or(row.State, digest.SubConfirmed), Reason: row.Reason, Suppress: row.Suppress, Choice: row.Choice,
				Subscriber: digest.Subscriber{Email: row.Email, Name: row.Name, Language: row.Language, TextOnly: row.TextOnly, Created: row.Created, Attributes: row.Attributes}}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// topics finds the sections of the list that a file means, and remembers what it
// found: few readers ask for what no other does.
func (u *upload) topics() func([]string) ([]string, error) {
	type answer struct {
		topics []string
		err    error
	}
	known := map[string]answer{}
	return func(names []string) ([]string, error) {
		asked := strings.Join(names, "\n")
		a, ok := known[asked]
		if !ok {
			a.topics, a.err = u.m.topics(u.list, names)
			slices.Sort(a.topics)
			var invalid *digest.InvalidError
			if errors.As(a.err, &invalid) {
				a.err = &digest.InvalidError{Field: "topics", Value: invalid.Value, Reason: invalid.Reason}
			}
			known[asked] = a
		}
		return a.topics, a.err
	}
}

// shownRefusals is how many refused rows are named on the screen.
const shownRefusals = 20

func (u *upload) refuse(row roster.Row) {
	u.refused++
	if u.sheet != nil {
		u.sheet.Write([]string{strconv.Itoa(row.Line), row.Refused.Error()})
	}
	if u.refused <= shownRefusals || u.m.a.verbose {
		u.m.a.notef("line %d: %v", row.Line, row.Refused)
	}
}

func (m *machine) tellImport(imp digest.Import, refused int, plan bool) error {
	if m.a.json {
		return m.a.line(struct {
			Import digest.ImportID `json:"import,omitempty"`
			List   string          `json:"list"`
			Plan   bool            `json:"plan"`
			digest.ImportSums
			Refused int `json:"refused"`
		}{imp.ID, imp.List, plan, imp.Sums, refused})
	}
	if refused > shownRefusals && !m.a.verbose {
		m.a.notef("and %d more; --refused FILE writes them all.", refused-shownRefusals)
	}
	what := imp.List
	if plan {
		what = "plan for " + what
	}
	m.a.printf("%s: %s\n", what, importWords(imp.Sums, refused))
	if !plan {
		m.a.notef("`zest subscribers undo %d` takes it back.", imp.ID)
	}
	return nil
}

func importWords(sum digest.ImportSums, refused int) string {
	parts := []string{count(sum.Added, "new reader", "new readers")}
	for _, x := range []struct {
		n    int
		what string
	}{{sum.Confirmed, "confirmed"}, {sum.Changed, "changed"}, {sum.Unchanged, "there already"}, {sum.Left, "left, as the file says"}, {sum.KeptLeft, "left before and stay away"},
		{sum.Suppressed, "suppressed and stay away"}, {sum.Condemned, "suppressed, as the file says"}, {sum.Repeated, "in the file twice"}, {refused, "refused"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	return strings.Join(parts, ", ")
}

func (a *app) subsImportsCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "imports", Short: "List the files of readers that were taken in", Args: exactly(0),
		Long:    "List the files of readers that were taken in, the newest first.\n" + exitHelp,
		Example: "  zest subscribers imports --json",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				list, err := m.store.Imports(ctx)
				if err != nil {
					return err
				}
				var rows [][]string
				for _, i := range list {
					state := "done"
					switch {
					case !i.Undone.IsZero():
						state = "undone"
					case i.Finished.IsZero():
						state = "interrupted"
					}
					if a.json {
						if err := a.line(struct {
							ID    digest.ImportID `json:"id"`
							List  string          `json:"list"`
							File  string          `json:"file"`
							Begun string          `json:"begun"`
							State string          `json:"state"`
							digest.ImportSums
						}{i.ID, i.List, i.File, stamp(i.Begun), state, i.Sums}); err != nil {
							return err
						}
					}
					rows = append(rows, []string{strconv.FormatInt(int64(i.ID), 10), i.Begun.Local().Format("2006-01-02 15:04"), i.List, i.File, state, importWords(i.Sums, 0)})
				}
				if !a.json && len(rows) > 0 {
					a.table([]string{"import", "begun", "list", "file", "state", "what it did"}, rows)
				}
				return nil
			})
		},
	})
}

func (a *app) subsUndoCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "undo IMPORT", Short: "Take back what an import did", Args: exactly(1),
		Long: `Take back what an import did: who came by it alone is gone again, what it changed
of others is as it was. What readers decided since stays: who left stays away.
` + exitHelp,
		Example: "  zest subscribers imports\n  zest subscribers undo 3",
		RunE: func(c *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return &digest.InvalidError{Field: "import", Value: args[0], Reason: "is no number; `zest subscribers imports` lists them"}
			}
			return a.with(c.Context(), readWrite, func(ctx context.Context, m *machine) error {
				u, err := m.store.UndoImport(ctx, digest.ImportID(id))
				if err != nil {
					return err
				}
				if a.json {
					return a.line(map[string]int{"subscriptions": u.Subscriptions, "restored": u.Restored, "readers": u.Readers, "kept": u.Kept})
				}
				a.printf("import %d is undone: %s taken back, %s gone, %d restored\n", id, count(u.Subscriptions, "subscription", "subscriptions"), count(u.Readers, "reader", "readers"), u.Restored)
				if u.Kept > 0 {
					a.notef("%s of it stay: they did something themselves since, or were written to.", count(u.Kept, "reader", "readers"))
				}
				return nil
			})
		},
	})
}

func (a *app) subsExportCmd() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "export [LIST]", Short: "Print subscriptions as CSV (or JSON lines)", Args: atMost(1),
		Long:    "Print subscriptions as CSV that no spreadsheet calculates, or as JSON lines (--json);\n`zest subscribers import` reads both back.\n" + exitHelp,
		Example: "  zest subscribers export weekly > weekly.csv",
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), readOnly, func(ctx context.Context, m *machine) error {
				sheet := roster.NewWriter(a.stdout)
				err := m.subscriptions(ctx, first(args), "", "", func(s digest.Subscription) error {
					if a.json {
						return a.line(newSubscription(s))
					}
					return sheet.Write(s)
				})
				return errors.Join(err, sheet.Flush())
			})
		},
	})
}

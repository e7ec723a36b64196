package main

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"

	"github.com/zest-digest/zest/digest/trace"
	"github.com/zest-digest/zest/digest/watch"
)

// app is one run of the program: the world, and what the flags say.
type app struct {
	world
	configPath string
	json       bool
	quiet      bool
	verbose    bool
	logJSON    bool
	serving    bool // nobody watches: the log is the report
	terminal   terminal
	log        *slog.Logger
	metrics    *watch.Metrics // nil where nobody asks for numbers
	tracer     *trace.Tracer  // nil where nobody asks for traces
}

func newApp(w world) *app {
	a := &app{world: w}
	a.terminal = newTerminal(w)
	a.log = slog.New(slog.DiscardHandler)
	return a
}

func (a *app) getenv(key string) string {
	for _, kv := range slices.Backward(a.environ) {
		if k, v, _ := strings.Cut(kv, "="); k == key {
			return v
		}
	}
	return ""
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "zest",
		Short: "A newsletter and digest engine: from sources to inboxes, once each",
		Long: `zest reads sources, finds the articles, makes an edition of them, and sends it
to every subscriber once.

Begin with  zest demo     to see the whole job done on this machine,
or with     zest init     to write a configuration of your own.
` + exitHelp,
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: func(*cobra.Command, []string) error { a.startLog(); return nil },
	}
	group(root)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usagef("%w; see `%s --help`", err, c.CommandPath())
	})
	f := root.PersistentFlags()
	f.StringVar(&a.configPath, "config", "", "the configuration `file` (default: $ZEST_CONFIG, ./zest.yaml, your config folder, /etc/zest)")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "no progress, only results and errors")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "log what happens in detail")
	f.BoolVar(&a.logJSON, "log-json", false, "log as JSON lines")

	a.commands(root)
	return root
}

// commands adds every command to its group.
func (a *app) commands(root *cobra.Command) {
	root.AddGroup(&cobra.Group{ID: "job", Title: "The job:"}, &cobra.Group{ID: "people", Title: "Readers and records:"},
		&cobra.Group{ID: "setup", Title: "Setting up:"}, &cobra.Group{ID: "stage", Title: "One stage alone:"})
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("job",
		a.collectCmd(),
		a.articlesCmd(),
		a.planCmd(),
		a.whyCmd(),
		a.previewCmd(),
		a.sendCmd(),
		a.serveCmd(),
	)
	add("people",
		a.subscribersCmd(),
		a.editionsCmd(),
		a.deliveriesCmd(),
		a.suppressCmd(),
		a.bounceCmd(),
		a.verifyCmd(), a.replayCmd(), a.archiveCmd(),
		a.statusCmd(),
		a.statsCmd(),
	)
	add("setup",
		a.demoCmd(),
		a.initCmd(),
		a.sourceCmd(),
		a.configCmd(),
		a.doctorCmd(),
		a.templatesCmd(),
		a.dkimCmd(), a.keysCmd(),
		a.scheduleCmd(), a.selftestCmd(),
		a.storeCmd(),
		a.installCmd(),
		a.versionCmd(),
	)
	add("stage",
		a.extractCmd(),
		a.inlineCmd(),
		a.lintCmd(),
	)
	if c := a.manualCmd(root); c != nil {
		root.AddCommand(c)
	}
}

// group makes a command of one that only holds others: alone it shows its help,
// and an argument that is no command of its own is the operator's slip.
func group(c *cobra.Command) *cobra.Command {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		hint := ""
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			hint = fmt.Sprintf("; did you mean %q?", near[0])
		}
		return usagef("unknown command %q for %q%s", args[0], c.CommandPath(), hint)
	}
	return c
}

// startLog sends logs to standard error: coloured for a person, JSON by flag.
func (a *app) startLog() {
	level := slog.LevelError // reports say the rest, once
	if a.serving {
		level = slog.LevelInfo
	}
	if a.verbose {
		level = slog.LevelDebug
	}
	if a.logJSON {
		a.log = slog.New(slog.NewJSONHandler(a.stderr, &slog.HandlerOptions{Level: level}))
		return
	}
	a.log = slog.New(tint.NewTextHandler(a.stderr, &tint.Options{Level: level, NoColor: !a.terminal.colour, TimeFormat: time.TimeOnly}))
}

// jsonFlag gives a command its --json.
func (a *app) jsonFlag(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&a.json, "json", false, "print JSON, one object a line")
	return c
}

// exactly wants n arguments, and says which in the command's own words.
func exactly(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usagef("usage: %s", c.UseLine())
		}
		return nil
	}
}

func atMost(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > n {
			return usagef("usage: %s", c.UseLine())
		}
		return nil
	}
}

func atLeast(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < n {
			return usagef("usage: %s", c.UseLine())
		}
		return nil
	}
}

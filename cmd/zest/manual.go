//go:build manual

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/zest-digest/zest/config"
)

// manualCmd writes the man pages and the shells' completions for a package. It
// is built in by `make man` only: readers of an installed zest have no use for
// the program that wrote its manual.
func (a *app) manualCmd(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "manual FOLDER", Hidden: true, Args: exactly(1),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, dir := range []string{"man", "completions"} {
				if err := os.MkdirAll(filepath.Join(args[0], dir), 0o755); err != nil {
					return err
				}
			}
			root.DisableAutoGenTag = true
			// The date of the page is the release's, so that a build can be repeated.
			day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "zest", Manual: "Newsletters", Date: &day}, filepath.Join(args[0], "man")); err != nil {
				return err
			}
			to := filepath.Join(args[0], "completions")
			for name, write := range map[string]func(string) error{
				"zest.bash": func(f string) error { return root.GenBashCompletionFileV2(f, true) },
				"_zest":     root.GenZshCompletionFile,
				"zest.fish": func(f string) error { return root.GenFishCompletionFile(f, true) },
			} {
				if err := write(filepath.Join(to, name)); err != nil {
					return err
				}
			}
			return reference(root, "docs")
		},
	}
}

// reference writes what the program says of itself into the manual: every
// command, and every key of the configuration.
func reference(root *cobra.Command, dir string) error {
	var b bytes.Buffer
	b.WriteString("# Every command\n\nWritten by `make man` from the program itself. Every command takes:\n\n```\n")
	b.WriteString(root.PersistentFlags().FlagUsagesWrapped(110) + "```\n")
	commands(&b, root)
	if err := os.WriteFile(filepath.Join(dir, "commands.md"), b.Bytes(), 0o644); err != nil {
		return err
	}
	keys, err := config.Reference("config")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.md"), keys, 0o644)
}

func commands(b *bytes.Buffer, c *cobra.Command) {
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() || sub.Name() == "help" || sub.Name() == "completion" {
			continue
		}
		if !sub.HasSubCommands() {
			long := strings.TrimSpace(strings.ReplaceAll(sub.Long, strings.TrimSpace(exitHelp), ""))
			fmt.Fprintf(b, "\n## %s\n\n%s\n\n```\n%s\n", sub.CommandPath(), cmp.Or(long, sub.Short), sub.UseLine())
			if flags := sub.LocalNonPersistentFlags().FlagUsagesWrapped(110); flags != "" {
				b.WriteString("\n" + flags)
			}
			b.WriteString("```\n")
			if sub.Example != "" {
				fmt.Fprintf(b, "\nFor example:\n\n```\n%s\n```\n", sub.Example)
			}
		}
		commands(b, sub)
	}
}

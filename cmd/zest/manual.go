//go:build manual

package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
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
			return nil
		},
	}
}
